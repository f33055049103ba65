// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "origin/origin.hpp"
#include "support/temporary_folder.hpp"
#include "transfer/fetch_transfer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace provisor::test {

/// The real provisor-fetch, started and spoken to by the real FetchTransfer, with limits that suit
/// a test: a second for connecting, a second for stalls, 1 MiB for bodies.
class Rig {
public:
    Rig();
    /// With another configuration.
    explicit Rig(const AgentConfig& config);

    std::vector<TransferResult> run(std::vector<TransferRequest> requests);
    /// One request by itself.
    TransferResult get(const std::string& url, Validator validator = {});
    /// A request whose body goes to a file without a name.
    TransferRequest request(const std::string& url, Validator validator = {}) const;

    FetchTransfer& transfer() { return transfer_; }
    Interrupt& interrupt() { return interrupt_; }
    Progress& progress() { return progress_; }
    /// How many bodies were begun.
    unsigned bodies_opened() const { return *opened_; }

    std::uint64_t max_size = 1 << 20;

private:
    std::shared_ptr<unsigned> opened_ = std::make_shared<unsigned>(0);
    Interrupt interrupt_;
    Progress progress_;
    FetchTransfer transfer_;
};

AgentConfig test_config();

/// A file without a name, read-write.
Fd unnamed_file();

/// The bytes of a body as they are in its file; fails the test when there is none.
std::string body_of(const TransferResult& result);

/// "http: the message", "304", "200 with 12 bytes": how it ended, for assertions and their texts.
std::string outcome_of(const TransferResult& result);

/// The value of a line "Name:  value" of /proc/PID/status, "" when there is none. `pid` may be 0
/// for this process.
std::string proc_status(int pid, const std::string& name);

} // namespace provisor::test

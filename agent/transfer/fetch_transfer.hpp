// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/blast_radius_test.cpp, tests/local/fetch/probes_test.cpp
#pragma once

#include "model/agent_config.hpp"
#include "transfer/batch.hpp"
#include "transfer/rate_limit.hpp"
#include "transfer/transfer.hpp"

#include <memory>
#include <optional>
#include <string>

namespace provisor {

class ProbeLine;

/// The real network: starts `program` (provisor-fetch; see HelperProgram::place) for each trust
/// domain when its first request arrives, and keeps it for the batches that follow. What is at
/// file:// it reads itself. Probes have a process of their own, which knows neither certificate nor
/// proxy, from the first of them on.
class FetchTransfer : public Transfer {
public:
    FetchTransfer(std::string program, const AgentConfig& config);
    FetchTransfer(const FetchTransfer&) = delete;
    FetchTransfer& operator=(const FetchTransfer&) = delete;
    ~FetchTransfer() override;

    std::vector<TransferResult> run(std::vector<TransferRequest> requests,
                                    const Interrupt& interrupt, Progress& progress) override;

    std::uint32_t begin_probe(const ProbeAttempt& attempt) override;
    std::vector<ProbeSighting> await_probes(Duration patience, const Interrupt& interrupt) override;

    /// For tests: the process ids of those that run, of the only one of them (-1 when there is none
    /// or are several), and of the one for probes.
    std::vector<int> fetcher_pids() const;
    int fetcher_pid() const;
    int prober_pid() const;

private:
    std::vector<TransferResult> fetch(std::vector<TransferRequest> requests,
                                      const Interrupt& interrupt, Progress& progress);
    void take_sightings();
    /// Ends the process that probes; everything it had not answered is told with the error.
    void end_probes(const Error& error);

    std::string program_;
    AgentConfig config_;
    RateLimit rate_;
    FetchLines lines_;
    std::unique_ptr<ProbeLine> probes_;
    std::uint32_t last_probe_ = 0;
    std::vector<ProbeSighting> sightings_; ///< to be told by the next await_probes()
};

} // namespace provisor

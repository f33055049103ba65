// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "transfer/rate_limit.hpp"
#include "transfer/transfer.hpp"

#include <memory>
#include <optional>
#include <string>

namespace provisor {

class Batch;
class FetchProcess;
class ProbeLine;

/// The real network: starts `program` (provisor-fetch; see HelperProgram::place) when the first
/// batch that is not empty arrives, and keeps it for the batches that follow. The certificate and
/// key files that `config` names are read here (they may be readable by root alone) and handed over
/// by content. What is at file:// it reads itself. Probes have a process of their own, which knows
/// neither certificate nor proxy, from the first of them on.
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

    /// The process id of the running provisor-fetch, or -1, and of the one for probes: for tests.
    int fetcher_pid() const;
    int prober_pid() const;

private:
    std::vector<TransferResult> fetch(std::vector<TransferRequest> requests,
                                      const Interrupt& interrupt, Progress& progress);
    /// Starts the process if there is none and runs the batch. Returns what failed as a whole;
    /// there is no process then.
    std::optional<Error> attempt(Batch& batch, const Interrupt& interrupt);
    /// Ends the process, if there is one, and adds to `error` how it had ended.
    Error end_process(const Error& error);
    void take_sightings();
    /// Ends the process that probes; everything it had not answered is told with the error.
    void end_probes(const Error& error);

    std::string program_;
    AgentConfig config_;
    RateLimit rate_;
    std::unique_ptr<FetchProcess> process_;
    std::unique_ptr<ProbeLine> probes_;
    std::uint32_t last_probe_ = 0;
    std::vector<ProbeSighting> sightings_; ///< to be told by the next await_probes()
};

} // namespace provisor

// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_transfer.hpp"

#include "transfer/answer_limits.hpp"
#include "transfer/fetch_settings.hpp"
#include "transfer/local_source.hpp"
#include "transfer/probe_line.hpp"

#include <utility>

namespace provisor {

FetchTransfer::FetchTransfer(std::string program, const AgentConfig& config)
    : program_(std::move(program)), config_(config), rate_(config.limits.download_rate) {}

FetchTransfer::~FetchTransfer() = default;

int FetchTransfer::fetcher_pid() const {
    const std::vector<int> pids = fetcher_pids();
    return pids.size() == 1 ? pids.front() : -1;
}

std::vector<int> FetchTransfer::fetcher_pids() const {
    std::vector<int> pids;
    for (const auto& [domain, line] : lines_)
        pids.push_back(line->pid());
    return pids;
}

std::vector<TransferResult> FetchTransfer::run(std::vector<TransferRequest> requests,
                                               const Interrupt& interrupt, Progress& progress) {
    std::vector<TransferResult> results(requests.size());
    std::vector<TransferRequest> remote;
    std::vector<std::size_t> places; ///< of the remote ones in `results`
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (is_local(requests[i].url)) {
            results[i] = read_local(requests[i], interrupt, progress);
            continue;
        }
        remote.push_back(std::move(requests[i]));
        places.push_back(i);
    }
    std::vector<TransferResult> fetched = fetch(std::move(remote), interrupt, progress);
    for (std::size_t i = 0; i < fetched.size(); ++i)
        results[places[i]] = std::move(fetched[i]);
    return results;
}

std::vector<TransferResult> FetchTransfer::fetch(std::vector<TransferRequest> requests,
                                                 const Interrupt& interrupt, Progress& progress) {
    if (requests.empty())
        return {};
    BatchSettings settings;
    settings.parallel = static_cast<std::size_t>(config_.parallel);
    settings.certificate = !config_.tls.client_cert.empty();
    settings.limits = answer_limits(config_.timeouts);
    settings.start = [this](bool with_secrets) {
        return std::make_unique<FetchLine>(program_, fetch_settings(config_, with_secrets));
    };
    Batch batch(std::move(requests), progress, std::move(settings));
    batch.run(lines_, rate_, interrupt);
    return batch.take_results();
}

int FetchTransfer::prober_pid() const { return probes_ ? probes_->pid() : -1; }

std::uint32_t FetchTransfer::begin_probe(const ProbeAttempt& attempt) {
    const std::uint32_t number = ++last_probe_;
    try {
        if (!probes_)
            probes_ = std::make_unique<ProbeLine>(program_, probe_settings(config_));
        probes_->begin(number, attempt);
    } catch (const Error& error) {
        sightings_.push_back({number, false, "", error});
    }
    return number;
}

std::vector<ProbeSighting> FetchTransfer::await_probes(Duration patience,
                                                       const Interrupt& interrupt) {
    interrupt.check();
    if (probes_) {
        try {
            probes_->await(patience, interrupt);
            take_sightings();
        } catch (const Error& error) {
            take_sightings();
            end_probes(error);
        } catch (...) {
            probes_.reset();
            throw;
        }
    }
    return std::exchange(sightings_, {});
}

void FetchTransfer::take_sightings() {
    for (ProbeSighting& one : probes_->take_sightings())
        sightings_.push_back(std::move(one));
}

void FetchTransfer::end_probes(const Error& error) {
    const Error told = probes_->end(error);
    for (const std::uint32_t number : probes_->unanswered())
        sightings_.push_back({number, false, "", told});
    probes_.reset();
}

} // namespace provisor

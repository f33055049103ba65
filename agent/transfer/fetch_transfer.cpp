// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_transfer.hpp"

#include "base/file.hpp"
#include "transfer/batch.hpp"
#include "transfer/fetch_process.hpp"
#include "transfer/local_source.hpp"
#include "transfer/probe_line.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <utility>

namespace provisor {
namespace {

/// The three together fit into a frame.
constexpr std::uint64_t ca_limit = std::uint64_t{768} * 1024;
constexpr std::uint64_t pem_limit = std::uint64_t{64} * 1024;

/// Sockets of provisor-fetch, of which it may have 1024 descriptors by default.
constexpr std::uint64_t probes_at_once = 256;

std::string read_pem(const std::string& path, std::uint64_t limit, const char* key) {
    if (path.empty())
        return "";
    // A FIFO would be waited for without end.
    std::error_code unknown;
    const auto facts = std::filesystem::status(path, unknown);
    if (std::filesystem::exists(facts) && !std::filesystem::is_regular_file(facts))
        throw Error(ErrorKind::config, fmt::format("{}: '{}' is no regular file", key, path));
    std::optional<std::string> text;
    try {
        text = read_file(path, limit);
    } catch (const Error& error) {
        throw Error(ErrorKind::config, fmt::format("{}: {}", key, error.what()));
    }
    if (!text)
        throw Error(ErrorKind::config, fmt::format("{}: there is no file '{}'", key, path));
    if (text->find("-----BEGIN ") == std::string::npos)
        throw Error(ErrorKind::config, fmt::format("{}: '{}' is no PEM file", key, path));
    return *text;
}

std::uint64_t milliseconds(Duration span) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

/// What the fetcher may know of our environment: proxies, and nothing that could be a secret of
/// somebody else's.
std::vector<std::string> proxy_variables() {
    static constexpr std::array names{"http_proxy", "https_proxy", "all_proxy", "no_proxy",
                                      "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};
    std::vector<std::string> variables;
    for (const char* name : names)
        if (const char* value = std::getenv(name))
            variables.push_back(fmt::format("{}={}", name, value));
    return variables;
}

FetchSettings settings_for(const AgentConfig& config) {
    FetchSettings settings;
    // "infinity" means that there is no limit, which is what 0 says to the fetcher.
    const auto span = [](Duration limit) {
        return limit == Duration::max() ? 0 : milliseconds(limit);
    };
    settings.connect_timeout = span(config.timeouts.connect);
    settings.stall_timeout = span(config.timeouts.stall);
    settings.total_timeout = span(config.timeouts.total);
    settings.parallel = config.parallel;
    settings.min_tls = config.tls.min_version;
    settings.proxy = config.proxy;
    settings.environment = proxy_variables();
    settings.ca_pem = read_pem(config.tls.ca_file, ca_limit, "tls.ca_file");
    settings.client_cert_pem = read_pem(config.tls.client_cert, pem_limit, "tls.client_cert");
    settings.client_key_pem = read_pem(config.tls.client_key, pem_limit, "tls.client_key");
    return settings;
}

FetchSettings probe_settings_for(const AgentConfig& config) {
    FetchSettings settings;
    settings.parallel = probes_at_once;
    settings.min_tls = config.tls.min_version;
    settings.ca_pem = read_pem(config.tls.ca_file, ca_limit, "tls.ca_file");
    return settings;
}

} // namespace

FetchTransfer::FetchTransfer(std::string program, const AgentConfig& config)
    : program_(std::move(program)), config_(config), rate_(config.limits.download_rate) {}

FetchTransfer::~FetchTransfer() = default;

int FetchTransfer::fetcher_pid() const { return process_ ? process_->pid() : -1; }

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
    Batch batch(std::move(requests), progress);
    const bool kept = process_ != nullptr;
    std::optional<Error> error = attempt(batch, interrupt);
    // One that was kept may have died since: of the end of the thread that started it, for one
    // (prctl(2), PR_SET_PDEATHSIG).
    if (error && kept && batch.untouched())
        error = attempt(batch, interrupt);
    if (error)
        batch.fail_open(*error);
    return batch.take_results();
}

std::optional<Error> FetchTransfer::attempt(Batch& batch, const Interrupt& interrupt) {
    try {
        std::string settings;
        if (!process_) {
            settings = encode_frame(FrameType::settings, 0, encode(settings_for(config_)));
            process_ = std::make_unique<FetchProcess>(program_);
        }
        batch.run(process_->socket(), std::move(settings), rate_, interrupt);
        return std::nullopt;
    } catch (const Error& error) {
        return end_process(error);
    } catch (...) {
        batch.keep_parts();
        process_.reset();
        throw;
    }
}

Error FetchTransfer::end_process(const Error& error) {
    if (!process_)
        return error;
    Error told = process_->end(error);
    process_.reset();
    return told;
}

int FetchTransfer::prober_pid() const { return probes_ ? probes_->pid() : -1; }

std::uint32_t FetchTransfer::begin_probe(const ProbeAttempt& attempt) {
    const std::uint32_t number = ++last_probe_;
    try {
        if (!probes_)
            probes_ = std::make_unique<ProbeLine>(program_, probe_settings_for(config_));
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

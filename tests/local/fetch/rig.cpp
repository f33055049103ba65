// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace provisor::test {

Rig::Rig() : Rig(test_config()) {}

Rig::Rig(const AgentConfig& config) : transfer_(PROVISOR_FETCH, config) {}

AgentConfig test_config() {
    // No proxy of the machine's shall come between a test and its origin.
    for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"})
        ::unsetenv(name);
    AgentConfig config;
    config.timeouts.connect = std::chrono::seconds(1);
    config.timeouts.stall = std::chrono::seconds(1);
    return config;
}

Fd unnamed_file() {
    Fd file(::open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC,
                   0600));
    EXPECT_TRUE(bool(file)) << "no file without a name in the temporary folder";
    return file;
}

TransferRequest Rig::request(const std::string& url, Validator validator) const {
    TransferRequest request;
    request.component = "tested";
    request.url = url;
    request.validator = std::move(validator);
    request.max_size = max_size;
    request.own_origin = true;
    request.place.open = [opened = opened_](const BodyStart&) {
        ++*opened;
        return unnamed_file();
    };
    return request;
}

std::vector<TransferResult> Rig::run(std::vector<TransferRequest> requests) {
    return transfer_.run(std::move(requests), interrupt_, progress_);
}

TransferResult Rig::get(const std::string& url, Validator validator) {
    std::vector<TransferRequest> requests;
    requests.push_back(request(url, std::move(validator)));
    return std::move(run(std::move(requests)).at(0));
}

std::string body_of(const TransferResult& result) {
    if (!result.body) {
        ADD_FAILURE() << "no body: " << outcome_of(result);
        return "";
    }
    std::string content(result.body->size, '\0');
    EXPECT_EQ(::pread(result.body->file.get(), content.data(), content.size(), 0),
              static_cast<ssize_t>(content.size()));
    return content;
}

std::string outcome_of(const TransferResult& result) {
    // Exactly one of them, whatever happened.
    EXPECT_EQ(
        int(result.error.has_value()) + int(result.body.has_value()) + int(result.not_modified), 1);
    if (result.error)
        return std::string(to_string(result.error->kind())) + ": " + result.error->what();
    if (result.not_modified)
        return std::to_string(result.http_status);
    return std::to_string(result.http_status) + " with " + std::to_string(result.body->size) +
           " bytes";
}

std::string proc_status(int pid, const std::string& name) {
    const std::string process = pid == 0 ? "self" : std::to_string(pid);
    std::ifstream lines("/proc/" + process + "/status");
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name + ":"))
            return line.substr(
                std::min(line.find_first_not_of(" \t", name.size() + 1), line.size()));
    return "";
}

} // namespace provisor::test

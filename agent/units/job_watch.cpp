// SPDX-License-Identifier: Apache-2.0
#include "units/job_watch.hpp"

#include "base/error.hpp"
#include "units/bus.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <systemd/sd-bus.h>

namespace provisor {
namespace {

int remember_result(sd_bus_message* signal, void* results, sd_bus_error* /*error*/) noexcept {
    std::uint32_t id = 0;
    const char* job = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    const int code = sd_bus_message_read(signal, "uoss", &id, &job, &unit, &result);
    if (code < 0)
        return code;
    try {
        (*static_cast<std::map<std::string, std::string>*>(results))[job] = result;
    } catch (...) {
        return -ENOMEM; // leaves sd_bus_process as an error
    }
    return 0;
}

/// Waits for traffic or the interrupt; false once the deadline has passed.
bool wait_for_traffic(sd_bus* bus, std::chrono::steady_clock::time_point deadline,
                      const Interrupt& interrupt) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
        return false;
    const int events = sd_bus_get_events(bus);
    std::array<pollfd, 2> waits{
        {{sd_bus_get_fd(bus), static_cast<short>(events < 0 ? POLLIN : events), 0},
         {interrupt.fd(), POLLIN, 0}}};
    // An hour at most: poll takes an int, and the caller asks again anyway.
    const auto ms = std::min<std::int64_t>(left.count(), 3'600'000);
    ::poll(waits.data(), waits.size(), static_cast<int>(ms));
    return true;
}

} // namespace

JobWatch::JobWatch(sd_bus* bus) : bus_(bus) {
    // On a bus anybody may send signals, so the sender counts; the private socket has no senders.
    check_bus(sd_bus_match_signal(bus_, &match_, manager_name(bus_), manager_path,
                                  manager_interface, "JobRemoved", remember_result, &results_),
              "listen to systemd's jobs");
    try {
        subscribe();
    } catch (...) {
        sd_bus_slot_unref(match_);
        throw;
    }
}

JobWatch::~JobWatch() {
    sd_bus_slot_unref(match_);
    // No reply is waited for: whether it is heard changes nothing for us.
    sd_bus_call_method_async(bus_, nullptr, manager_name(bus_), manager_path, manager_interface,
                             "Unsubscribe", nullptr, nullptr, nullptr);
    sd_bus_flush(bus_);
}

void JobWatch::subscribe() {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const int code = sd_bus_call_method(bus_, manager_name(bus_), manager_path, manager_interface,
                                        "Subscribe", &error, nullptr, nullptr);
    const bool subscribed =
        code >= 0 ||
        sd_bus_error_has_name(&error, "org.freedesktop.systemd1.AlreadySubscribed") != 0;
    sd_bus_error_free(&error);
    if (!subscribed)
        check_bus(code, "subscribe to systemd's signals");
}

JobWatch::Ended JobWatch::wait_for(const std::vector<std::string>& jobs,
                                   std::chrono::steady_clock::time_point deadline,
                                   const Interrupt& interrupt) {
    while (!all_ended(jobs)) {
        interrupt.check();
        const int processed = sd_bus_process(bus_, nullptr);
        if (processed < 0 || sd_bus_is_open(bus_) <= 0)
            return all_ended(jobs) ? Ended::all : Ended::disconnected;
        if (processed == 0 && !wait_for_traffic(bus_, deadline, interrupt))
            return Ended::deadline;
    }
    return Ended::all;
}

const std::string* JobWatch::result_of(const std::string& job) const {
    const auto found = results_.find(job);
    return found == results_.end() ? nullptr : &found->second;
}

bool JobWatch::all_ended(const std::vector<std::string>& jobs) const {
    return std::all_of(jobs.begin(), jobs.end(),
                       [&](const std::string& job) { return results_.contains(job); });
}

} // namespace provisor

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstring>
#include <exception>
#include <functional>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <thread>

namespace provisor::test {

/// A namespace that cannot be had here, with the reason.
class NoNamespace : public std::runtime_error {
    using runtime_error::runtime_error;
};

/// Runs `test` in a thread that is in namespaces of its own (unshare(2)), with all threads and
/// processes that it starts. Returns why it could not: what it says when it throws NoNamespace
/// itself; empty when it could. What else it throws comes through.
inline std::string in_own_namespace(int flags, const std::function<void()>& test) {
    std::string trouble;
    std::exception_ptr thrown;
    std::thread([&] {
        try {
            if (::unshare(flags) != 0)
                throw NoNamespace(std::string("no namespace of its own (not root?): ") +
                                  std::strerror(errno));
            test();
        } catch (const NoNamespace& reason) {
            trouble = reason.what();
        } catch (...) {
            thrown = std::current_exception();
        }
    }).join();
    if (thrown)
        std::rethrow_exception(thrown);
    return trouble;
}

} // namespace provisor::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace provisor::fuzz {

// A target takes any bytes, gives them to a parser of provisor, and throws BrokenProperty when
// something does not hold that always must. Each stands in a file of its own name; libFuzzer makes
// up inputs for it (entry.cpp), and every build replays those that are kept (replay_test.cpp).

void agent_config(std::string_view input);
void answers(std::string_view input);
void archive(std::string_view input);
void checksums(std::string_view input);
void conversations(std::string_view input);
void manifest(std::string_view input);
void minisign(std::string_view input);
void packages(std::string_view input);
void records(std::string_view input);
void response_headers(std::string_view input);
void sanity(std::string_view input);
void store(std::string_view input);
void time_zone(std::string_view input);
void versions(std::string_view input);
void windows(std::string_view input);
void wire(std::string_view input);

class BrokenProperty : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

inline void require(bool holds, const char* property) {
    if (!holds)
        throw BrokenProperty(property);
}

/// Takes an input apart from front to back; what is not there any more is zero or empty.
class Input {
public:
    explicit Input(std::string_view bytes) : rest_(bytes) {}

    bool over() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }

    std::string_view bytes(std::size_t count) {
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::uint8_t byte() {
        const std::string_view taken = bytes(1);
        return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken.front());
    }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i)
            value = value << 8U | byte();
        return value;
    }
    /// Up to the next line end, which goes as well.
    std::string_view line() {
        const std::string_view taken = rest_.substr(0, rest_.find('\n'));
        rest_.remove_prefix(taken.size() < rest_.size() ? taken.size() + 1 : taken.size());
        return taken;
    }

private:
    std::string_view rest_;
};

} // namespace provisor::fuzz

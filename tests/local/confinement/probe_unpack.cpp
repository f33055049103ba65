// SPDX-License-Identifier: Apache-2.0
// A provisor-unpack that was taken over.
#include "local/confinement/probe.hpp"
#include "unpack/confinement.hpp"

#include <array>
#include <optional>
#include <vector>

namespace {

std::optional<provisor::HandedOver> handed_over;

bool begins_with_e(const provisor::Artifact& file) {
    std::array<std::byte, 2> start{};
    return file.read_at(1, start) == start.size() && start[0] == std::byte{'E'};
}

bool reads_the_artifact() { return begins_with_e(handed_over->artifact); }

bool reads_the_dictionary() {
    return handed_over->dictionary && begins_with_e(*handed_over->dictionary);
}

bool has_memory() {
    const std::size_t size = std::size_t{100} << 20U;
    const std::vector<char> large(size, 'x');
    return large[size / 2] == 'x';
}

} // namespace

int main(int count, char** arguments) {
    return provisor::test::run_probe(count, arguments,
                                     [] { handed_over = provisor::confine_unpacker(); },
                                     {{"read the artifact", reads_the_artifact},
                                      {"read the dictionary", reads_the_dictionary},
                                      {"use memory", has_memory}});
}

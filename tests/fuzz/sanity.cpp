// SPDX-License-Identifier: Apache-2.0
// What the agent itself reads of an artifact before it is put in place: its beginning, and what the
// kernel would need to start it.
#include "install/sanity.hpp"

#include "base/error.hpp"
#include "fuzz/memory_file.hpp"
#include "fuzz/target.hpp"
#include "install/interpreter.hpp"
#include "model/found_version.hpp"

namespace provisor::fuzz {
namespace {

bool is_sane(const ArtifactHead& head, Executable executable) {
    try {
        check_sanity(head, executable, "x86_64", Vouched::no);
        return true;
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::sanity, "a refusal is of kind sanity");
        for (const char c : std::string_view(error.what()))
            require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a refusal is printable");
        return false;
    }
}

} // namespace

void sanity(std::string_view input) {
    const ArtifactHead head{input.substr(0, sanity_head_size), input.size()};
    if (is_sane(head, Executable::yes)) {
        require(is_sane(head, Executable::no), "a program is a file");
        require(input.starts_with("\x7f"
                                  "ELF") ||
                    input.starts_with("#!"),
                "a program is ELF or a script");
    }
    const Fd file = memory_file(input);
    const std::string interpreter = interpreter_of(file.get(), input.size());
    require(interpreter.size() <= 4096, "an interpreter has the length of a path");
    require(interpreter.empty() || input.find(interpreter) != std::string_view::npos,
            "an interpreter stands in the file");
}

} // namespace provisor::fuzz

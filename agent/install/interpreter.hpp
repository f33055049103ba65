// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/paths.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace provisor {

/// What the kernel needs to start a program: the path in the first line of a script (execve(2),
/// "Interpreter scripts"; of "#!/usr/bin/env python3" that is /usr/bin/env), or an ELF program's
/// PT_INTERP (System V ABI, "Program Interpreter"). Empty for a static program, and for bytes that
/// make no sense: those are not judged here. Reads a few kibibytes of `fd`; throws Error of kind
/// io.
std::string interpreter_of(int fd, std::uint64_t size);

/// Refuses a program whose interpreter is not there, since execve(2) would say no more of it than
/// "No such file or directory": Error of kind sanity that says what it is and what was wanted. What
/// is in `arriving`, the targets of this pass, counts as there.
///
/// With --root it is looked for below the root, and only when that holds a system already, which an
/// os-release says (os-release(5)): an image that is only being put together may get its
/// interpreter later. Nothing is said of places that the daemon's sandbox hides from it, nor of
/// what cannot be looked at.
void check_interpreter(int fd, std::uint64_t size, const std::set<std::string>& arriving,
                       const Paths& paths);

} // namespace provisor

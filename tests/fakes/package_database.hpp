// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace provisor::test {

/// Takes the databases of dpkg and rpm of this machine out of the sight of this process and its
/// children, as far as it may do that (as root, or with namespaces of users): few tests are about
/// packages, these have lists of their own below a root, and to read some thousand lists takes
/// longer than the rest of a pass. To be called while there is one thread; a second call does
/// nothing.
void hide_package_databases();

/// The same for tests that depend on who owns which file: does nothing where it takes a namespace
/// of users, in which files of other users belong to nobody.
void hide_package_databases_as_root();

} // namespace provisor::test

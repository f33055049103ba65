// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace provisor::test {

/// Takes the databases of dpkg and rpm of this machine out of the sight of this process, as far as
/// it may do that (as root, or with namespaces of users): no sequence of edits is about packages,
/// and to read some thousand lists takes longer than the rest of a pass. To be called while there
/// is one thread.
void hide_package_databases();

} // namespace provisor::test

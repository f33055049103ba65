// SPDX-License-Identifier: Apache-2.0
// What the tests have in common is compiled once, as a header (CMakeLists.txt); a target has to
// have a source.

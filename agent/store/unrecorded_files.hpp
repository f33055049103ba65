// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/ownership_test.cpp, tests/edits/hand_over_test.cpp
#pragma once

#include "base/file.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// A file that a pass is about to put in place, and that no marker lists yet.
struct UnrecordedFile {
    std::string path; ///< absolute, without --root
    std::string sha256;
    bool over = false; ///< something stood there; its path is not left empty
};

/// What a pass is about to put in place where the marker lists nothing, in `unrecorded.json` of the
/// state directory, from before it is staged until the marker lists it. When the pass is killed in
/// between, and the manifests drop the component before the next one, nothing else says that these
/// files are provisor's. Between passes the record lists what such a pass left and a component that
/// fails still wants; as a rule there is none. It is read when it is needed for the first time; one
/// that cannot be read counts as empty: the files then stay.
class UnrecordedFiles {
public:
    explicit UnrecordedFiles(const std::filesystem::path& state_dir);

    /// A path may be there several times, with different contents.
    const std::vector<UnrecordedFile>& all() const;
    /// Whether this was there when the record was read, so that a pass that was killed left it.
    bool was_left(std::string_view path, std::string_view sha256) const;
    /// Durably. Throws Error of kind io or space.
    void add(const std::vector<UnrecordedFile>& files);
    /// Lists these alone from now on. If a crash brings others back, the next pass checks them
    /// again.
    void replace(std::vector<UnrecordedFile> files);

private:
    void read() const;
    void write(Durable durable) const;

    std::filesystem::path state_dir_;
    mutable std::optional<std::vector<UnrecordedFile>> known_;
    mutable std::vector<UnrecordedFile> left_; ///< as it was read
};

} // namespace provisor

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "journal/journal.hpp"
#include "model/report.hpp"
#include "pass/settings.hpp"
#include "pass/troubles.hpp"

#include <string>
#include <vector>

namespace provisor {

/// One sentence for people: what was decided for a component, what of it, what stays in force.
std::string describe(const Outcome& outcome);

/// Whether what was wanted of a component that failed is in place: only its units failed.
bool is_installed(const Outcome& outcome);

/// What a component that failed is left with: what is in force and when the next try is, as
/// "1.0 (5f2b9c…) stays in place; next try at …".
std::string aftermath(const Outcome& outcome);

/// Components, two or more, that got the same web page in place of their artifacts: a network that
/// wants a login, or an error page of an origin that they share. It is told once for all of them.
struct SamePage {
    std::string page; ///< described: "an HTML page, title …"
    std::vector<const Outcome*> outcomes;
};
/// Refers to the outcomes of the report.
std::vector<SamePage> same_pages(const PassReport& report);
bool is_among(const std::vector<SamePage>& pages, const Outcome& outcome);
std::string describe(const SamePage& same);

/// What the origin of an outcome that lacks a validator could do about it; empty for others.
std::string hint_of(const Outcome& outcome);

/// Writes a pass into the journal: one entry per decision that is not `unchanged` (those are of
/// debug level, and those of a SamePage of info), one per unit that was acted on, one per hint, and
/// one summary.
///
/// A hold that an earlier pass has told is of debug level, too: `before` is what troubled the
/// components until now.
void announce(const PassReport& report, const std::map<std::string, Trouble>& before,
              Journal& journal);

/// Writes the complaints about manifests and configuration into the journal.
void announce_diagnostics(const Settings& settings, const std::string& pass_id, Journal& journal);

} // namespace provisor

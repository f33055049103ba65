// SPDX-License-Identifier: Apache-2.0
#include "model/manifest.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "model/decoder.hpp"
#include "model/found_version.hpp"
#include "model/nearest.hpp"
#include "model/placeholders.hpp"
#include "model/shown_url.hpp"
#include "model/syntax.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace provisor {
namespace {

using Fault = std::optional<std::string> (*)(std::string_view);

/// All texts of a manifest together, once their placeholders are filled in, in bytes.
constexpr std::size_t expanded_limit = manifest_size_limit;
constexpr std::size_t longest_var = 4096;

/// What the components of a manifest have in common.
struct Manifest {
    PlaceholderValues values; ///< of the machine and of vars, and of the component that is read
    std::size_t expanded = 0; ///< bytes of all texts so far
    std::size_t index = 0;    ///< of the component that is read
    std::vector<Mention> mentions;
};

/// Reads one component.
class ComponentDecoder {
public:
    ComponentDecoder(Decoder& decoder, Manifest& manifest)
        : decoder_(decoder), manifest_(manifest), values_(manifest.values) {}

    Component read(const YamlNode& name, const YamlNode& body);

private:
    void learn_placeholders(const YamlNode& body);
    std::vector<Decoder::Field> origin_fields();
    std::vector<Decoder::Field> target_fields();
    std::vector<Decoder::Field> policy_fields();
    void check_whole(const YamlNode& name, const YamlNode& body);
    void warn_of_http(const YamlNode& body, const std::string& who);

    void read_auth(const YamlNode& node);
    void read_files(const YamlNode& node);
    void read_unit(const YamlNode& node);
    void read_units(const YamlNode& node);
    void read_health(const YamlNode& node);
    void read_version_from(const YamlNode& node);
    void read_windows(const YamlNode& node);
    std::vector<Decoder::Field> file_fields(FileSpec& file);

    /// Reads a text, fills in its placeholders, and complains about what `find_fault` finds in the
    /// result.
    std::optional<std::string> read_expanded(const YamlNode& node, std::string_view what,
                                             Escape escape, Fault find_fault);
    std::optional<std::string> expand_at(const YamlNode& node, std::string_view text,
                                         std::string_view what, Escape escape, RunTime run_time);
    std::string hint_for(std::string_view unknown) const;
    std::vector<std::string> read_command(const YamlNode& node, std::string_view what);

    void mention(const YamlNode& node, const std::string& what) {
        manifest_.mentions.push_back({manifest_.index, what, node.line, node.column});
    }

    Decoder& decoder_;
    Manifest& manifest_;
    PlaceholderValues& values_;
    Component component_;
    FileSpec short_form_;
    std::set<std::string> unit_names_;
    bool short_form_used_ = false;
};

/// Puts a read value into its place; what was complained about leaves the default.
template <typename Value>
void put(Value& place, std::optional<Value> value) {
    if (value)
        place = std::move(*value);
}

std::optional<std::string> ComponentDecoder::expand_at(const YamlNode& node, std::string_view text,
                                                       std::string_view what, Escape escape,
                                                       RunTime run_time) {
    if (manifest_.expanded > expanded_limit)
        return std::nullopt; // told already
    Expansion expansion = expand(text, values_, escape, run_time);
    manifest_.expanded += expansion.text.size();
    if (expansion.too_long) {
        decoder_.complain(node, fmt::format("{}: longer than {} KiB once the placeholders are "
                                            "filled in",
                                            what, longest_expansion / 1024));
        return std::nullopt;
    }
    if (manifest_.expanded > expanded_limit) {
        decoder_.complain(node, fmt::format("the manifest is larger than {} MiB once the "
                                            "placeholders are filled in",
                                            expanded_limit >> 20U));
        return std::nullopt;
    }
    if (expansion.unknown.empty())
        return std::move(expansion.text);
    decoder_.complain(node,
                      fmt::format("{}: unknown placeholder {{{}}}{}", what,
                                  printable(expansion.unknown, 80), hint_for(expansion.unknown)));
    return std::nullopt;
}

/// What could have been meant in place of an unknown placeholder.
std::string ComponentDecoder::hint_for(std::string_view unknown) const {
    if (unknown == "version")
        return ": this component has no 'version'";
    if (unknown == "staged" || unknown == "path")
        return ": it is known only in commands";
    std::vector<std::string_view> known;
    for (const auto& [name, value] : values_)
        known.push_back(name);
    if (const auto near = nearest(unknown, known))
        return fmt::format(", did you mean {{{}}}?", *near);
    std::string list;
    for (const std::string_view name : known)
        if (list.size() < 200)
            list += fmt::format("{}{{{}}}", list.empty() ? "" : ", ", printable(name, 40));
    return "; known here are " + list;
}

std::optional<std::string> ComponentDecoder::read_expanded(const YamlNode& node,
                                                           std::string_view what, Escape escape,
                                                           Fault find_fault) {
    const std::optional<std::string> text = decoder_.read_text(node, what);
    std::optional<std::string> expanded =
        text ? expand_at(node, *text, what, escape, RunTime::refuse) : std::nullopt;
    if (!expanded || find_fault == nullptr)
        return expanded;
    if (const auto fault = find_fault(*expanded)) {
        decoder_.complain(node, fmt::format("{}: {}", what, *fault));
        return std::nullopt;
    }
    return expanded;
}

std::vector<std::string> ComponentDecoder::read_command(const YamlNode& node,
                                                        std::string_view what) {
    std::vector<std::string> command;
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        decoder_.complain(node,
                          fmt::format("{}: a list of program and arguments is expected", what));
        return command;
    }
    for (const YamlNode& item : node.items)
        if (const auto text = decoder_.read_text(item, what))
            put(command.emplace_back(), expand_at(item, *text, what, Escape::none, RunTime::keep));
    // An empty one is also what could not be read, and was complained about.
    const std::string program = command.empty() ? "" : command.front();
    const bool left_out = program.empty() && node.items.front().kind == YamlNode::Kind::scalar &&
                          node.items.front().text.empty();
    if (left_out || (!program.empty() && !program.starts_with('/') && !program.starts_with('{')))
        decoder_.complain(
            node.items.front(),
            fmt::format("{}: the program must be an absolute path, {{staged}} or {{path}}", what));
    return command;
}

void ComponentDecoder::learn_placeholders(const YamlNode& body) {
    values_["name"] = {component_.name};
    values_.erase("version");
    values_.erase("url");
    // A version may be made of vars; a fault in it is told where it is read.
    if (const YamlNode* version = body.find("version");
        version != nullptr && version->kind == YamlNode::Kind::scalar)
        values_["version"] = {expand(version->text, values_, Escape::none, RunTime::refuse).text};
    if (const YamlNode* url = body.find("url");
        url != nullptr && url->kind == YamlNode::Kind::scalar)
        values_["url"] = {expand(url->text, values_, Escape::url, RunTime::refuse).text, true};
}

Component ComponentDecoder::read(const YamlNode& name, const YamlNode& body) {
    component_.name = name.text;
    component_.place = decoder_.place_of(name);
    if (const auto fault = find_name_fault(name.text)) {
        decoder_.complain(name, *fault);
        return component_;
    }
    learn_placeholders(body);
    std::vector<Decoder::Field> fields = origin_fields();
    for (const std::vector<Decoder::Field>& more : {target_fields(), policy_fields()})
        fields.insert(fields.end(), more.begin(), more.end());
    const std::size_t before = decoder_.error_count();
    decoder_.read_map(body, fmt::format("component '{}'", component_.name), fields);
    // What is missing is worth telling only when nothing is wrong with what is there.
    if (decoder_.error_count() == before)
        check_whole(name, body);
    return std::move(component_);
}

std::vector<Decoder::Field> ComponentDecoder::origin_fields() {
    return {
        {"version",
         [this](const YamlNode& node) {
             put(component_.version,
                 read_expanded(node, "version", Escape::none, [](std::string_view version) {
                     return is_version_label(version)
                                ? std::nullopt
                                : std::optional<std::string>(
                                      "1 to 128 printable characters are expected");
                 }));
         }},
        {"url",
         [this](const YamlNode& node) {
             // {url} stands for this very text and cannot be part of it.
             const auto self = values_.extract("url");
             put(component_.url, read_expanded(node, "url", Escape::url, find_url_fault));
             values_["url"] = {component_.url, true};
         }},
        {"mirrors",
         [this](const YamlNode& node) {
             if (node.kind != YamlNode::Kind::sequence) {
                 decoder_.complain(node, "mirrors: a list of URLs is expected");
                 return;
             }
             for (const YamlNode& item : node.items)
                 if (auto url = read_expanded(item, "mirrors", Escape::url, find_url_fault))
                     component_.mirrors.push_back(std::move(*url));
         }},
        {"sha256",
         [this](const YamlNode& node) {
             put(component_.sha256,
                 read_expanded(node, "sha256", Escape::none, [](std::string_view digest) {
                     return is_sha256(digest)
                                ? std::nullopt
                                : std::optional(
                                      fmt::format("'{}' is no digest; 64 lower-case hex digits are "
                                                  "expected",
                                                  printable(digest, 80)));
                 }));
         }},
        {"sha256sums",
         [this](const YamlNode& node) {
             put(component_.sha256sums,
                 read_expanded(node, "sha256sums", Escape::url, find_url_fault));
         }},
        {"signature",
         [this](const YamlNode& node) {
             put(component_.signature,
                 read_expanded(node, "signature", Escape::url, find_url_fault));
         }},
        {"auth", [this](const YamlNode& node) { read_auth(node); }},
        {"format",
         [this](const YamlNode& node) {
             put(component_.format, decoder_.read_word<Format>(node, "format",
                                                               {{"auto", Format::automatic},
                                                                {"raw", Format::raw},
                                                                {"gzip", Format::gzip},
                                                                {"zstd", Format::zstd},
                                                                {"xz", Format::xz},
                                                                {"bzip2", Format::bzip2},
                                                                {"tar", Format::tar},
                                                                {"zip", Format::zip}}));
         }},
    };
}

std::vector<Decoder::Field> ComponentDecoder::file_fields(FileSpec& file) {
    const auto account = [this](std::string& place, const char* what) {
        return [this, &place, what](const YamlNode& node) {
            put(place, read_expanded(node, what, Escape::none, find_account_fault));
        };
    };
    return {
        {"path",
         [this, &file](const YamlNode& node) {
             put(file.path, read_expanded(node, "path", Escape::none, find_path_fault));
             mention(node, file.path);
         }},
        {"mode",
         [this, &file](const YamlNode& node) {
             const auto mode = node.kind == YamlNode::Kind::scalar && node.quoted
                                   ? parse_mode(node.text)
                                   : std::nullopt;
             // 0755 without quotes is 493 to one YAML reader and 755 to the next.
             if (!mode)
                 decoder_.complain(
                     node,
                     "mode: three or four octal digits in quotes are expected, like \"0755\"");
             put(file.mode, mode);
         }},
        {"owner", account(file.owner, "owner")},
        {"group", account(file.group, "group")},
    };
}

void ComponentDecoder::read_files(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        decoder_.complain(node, "files: a list of mappings with 'path' is expected");
        return;
    }
    for (const YamlNode& item : node.items) {
        FileSpec file;
        std::vector<Decoder::Field> fields = file_fields(file);
        fields.emplace_back("from", [&](const YamlNode& value) {
            put(file.from, read_expanded(value, "from", Escape::none, [](std::string_view from) {
                    return from.empty() ? std::optional<std::string>(
                                              "a member's name or pattern is expected")
                                        : std::nullopt;
                }));
        });
        const std::size_t before = decoder_.error_count();
        decoder_.read_map(item, "files", fields);
        if (file.path.empty() && decoder_.error_count() == before)
            decoder_.complain(item, "files: 'path' is missing");
        component_.files.push_back(std::move(file));
    }
}

std::vector<Decoder::Field> ComponentDecoder::target_fields() {
    std::vector<Decoder::Field> fields{
        {"files", [this](const YamlNode& node) { read_files(node); }},
        {"units", [this](const YamlNode& node) { read_units(node); }},
    };
    // The short form for one raw file.
    for (Decoder::Field& field : file_fields(short_form_))
        fields.emplace_back(field.first,
                            [this, read = std::move(field.second)](const YamlNode& node) {
                                short_form_used_ = true;
                                read(node);
                            });
    return fields;
}

void ComponentDecoder::read_units(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence) {
        decoder_.complain(node, "units: a list of mappings with 'name' is expected");
        return;
    }
    for (const YamlNode& item : node.items)
        read_unit(item);
}

void ComponentDecoder::read_unit(const YamlNode& node) {
    UnitSpec unit;
    const std::size_t before = decoder_.error_count();
    decoder_.read_map(
        node, "units",
        {{"name",
          [&](const YamlNode& value) {
              put(unit.name, read_expanded(value, "name", Escape::none, find_unit_fault));
              mention(value, unit.name);
          }},
         {"on_change",
          [&](const YamlNode& value) {
              put(unit.on_change,
                  decoder_.read_word<OnChange>(value, "on_change",
                                               {{"restart", OnChange::restart},
                                                {"reload", OnChange::reload},
                                                {"reload-or-restart", OnChange::reload_or_restart},
                                                {"start", OnChange::start},
                                                {"none", OnChange::none}}));
          }},
         {"on_repair",
          [&](const YamlNode& value) {
              put(unit.on_repair, decoder_.read_word<OnRepair>(
                                      value, "on_repair",
                                      {{"none", OnRepair::none}, {"restart", OnRepair::restart}}));
          }},
         // Taken as it is: ${VARIABLE} and %i are systemd's, not placeholders of ours.
         {"file", [&](const YamlNode& value) { unit.file = decoder_.read_text(value, "file"); }},
         {"enable",
          [&](const YamlNode& value) { put(unit.enable, decoder_.read_bool(value, "enable")); }}});
    if (unit.name.empty() && decoder_.error_count() == before)
        decoder_.complain(node, "units: 'name' is missing");
    if (!unit.name.empty() && !unit_names_.insert(unit.name).second)
        decoder_.complain(node, fmt::format("units: '{}' stands here twice", unit.name));
    component_.units.push_back(std::move(unit));
}

void ComponentDecoder::read_auth(const YamlNode& node) {
    AuthSpec auth;
    int kinds = 0;
    const std::size_t before = decoder_.error_count();
    const auto text = [&](std::string& place, const char* what) {
        return [&, what](const YamlNode& value) { put(place, decoder_.read_text(value, what)); };
    };
    decoder_.read_map(node, "auth",
                      {{"bearer",
                        [&](const YamlNode& value) {
                            ++kinds;
                            text(auth.bearer, "bearer")(value);
                        }},
                       {"basic",
                        [&](const YamlNode& value) {
                            ++kinds;
                            decoder_.read_map(value, "basic",
                                              {{"user", text(auth.user, "user")},
                                               {"password", text(auth.password, "password")}});
                        }},
                       {"netrc",
                        [&](const YamlNode& value) {
                            ++kinds;
                            put(auth.netrc, decoder_.read_bool(value, "netrc"));
                        }},
                       {"header", [&](const YamlNode& value) {
                            ++kinds;
                            decoder_.read_entries(value, "header",
                                                  [&](const YamlNode& key, const YamlNode& one) {
                                                      text(auth.header[key.text], "header")(one);
                                                  });
                        }}});
    if (kinds != 1 && decoder_.error_count() == before)
        decoder_.complain(node, "auth: exactly one of bearer, basic, netrc, header is expected");
    component_.auth = std::move(auth);
}

void ComponentDecoder::read_version_from(const YamlNode& node) {
    VersionCommand from;
    const std::size_t before = decoder_.error_count();
    decoder_.read_map(node, "version_from",
                      {{"command",
                        [&](const YamlNode& value) {
                            from.command = read_command(value, "version_from.command");
                        }},
                       {"match", [&](const YamlNode& value) {
                            put(from.match, decoder_.read_text(value, "match"));
                            if (const auto fault = find_match_fault(from.match))
                                decoder_.complain(value, "match: " + *fault);
                        }}});
    if ((from.command.empty() || from.match.empty()) && decoder_.error_count() == before)
        decoder_.complain(node, "version_from: both 'command' and 'match' are needed");
    component_.version_from = std::move(from);
}

void ComponentDecoder::read_health(const YamlNode& node) {
    HealthSpec& health = component_.health;
    const auto bounded = [&](Duration& place, const char* what) {
        return [&, what](const YamlNode& value) {
            const auto span = decoder_.read_span(value, what);
            if (span && *span > std::chrono::hours(24))
                decoder_.complain(value, fmt::format("{}: at most a day is expected", what));
            else
                put(place, span);
        };
    };
    decoder_.read_map(
        node, "health",
        {{"settle", bounded(health.settle, "settle")},
         {"timeout", bounded(health.timeout, "timeout")},
         {"http",
          [&](const YamlNode& value) {
              put(health.http, read_expanded(value, "http", Escape::url, [](std::string_view url) {
                      return url.starts_with("http://") || url.starts_with("https://")
                                 ? find_url_fault(url)
                                 : std::optional<std::string>(
                                       "an http:// or https:// URL is expected");
                  }));
          }},
         {"tcp",
          [&](const YamlNode& value) {
              put(health.tcp, read_expanded(value, "tcp", Escape::none, find_tcp_fault));
          }},
         {"command",
          [&](const YamlNode& value) { health.command = read_command(value, "health.command"); }}});
}

void ComponentDecoder::read_windows(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence) {
        decoder_.complain(node, "windows: a list like [ \"Mon..Fri 02:00-04:00\" ] is expected");
        return;
    }
    for (const YamlNode& item : node.items) {
        const std::optional<std::string> text = decoder_.read_text(item, "windows");
        if (!text)
            continue;
        ParsedWindow parsed = parse_window(*text);
        if (!parsed.fault.empty())
            decoder_.complain(item, "windows: " + parsed.fault);
        parsed.window.line = item.line;
        parsed.window.column = item.column;
        component_.windows.push_back(std::move(parsed.window));
    }
}

std::vector<Decoder::Field> ComponentDecoder::policy_fields() {
    return {
        {"update",
         [this](const YamlNode& node) {
             put(component_.update,
                 decoder_.read_word<Update>(
                     node, "update",
                     {{"revalidate", Update::revalidate}, {"if-missing", Update::if_missing}}));
         }},
        {"check", [this](const YamlNode& node) { component_.check = read_command(node, "check"); }},
        {"version_from", [this](const YamlNode& node) { read_version_from(node); }},
        {"after",
         [this](const YamlNode& node) {
             component_.after = decoder_.read_texts(node, "after");
             for (const YamlNode& item : node.items)
                 if (item.kind == YamlNode::Kind::scalar) {
                     mention(item, item.text);
                     if (const auto fault = find_name_fault(item.text))
                         decoder_.complain(item, "after: " + *fault);
                 }
         }},
        {"health", [this](const YamlNode& node) { read_health(node); }},
        {"rollback",
         [this](const YamlNode& node) {
             put(component_.rollback,
                 decoder_.read_word<Rollback>(
                     node, "rollback", {{"auto", Rollback::automatic}, {"off", Rollback::off}}));
         }},
        {"version_order",
         [this](const YamlNode& node) {
             put(component_.version_order,
                 decoder_.read_word<VersionOrder>(node, "version_order",
                                                  {{"auto", VersionOrder::automatic},
                                                   {"semver", VersionOrder::semver},
                                                   {"numeric", VersionOrder::numeric},
                                                   {"none", VersionOrder::none}}));
         }},
        {"allow_downgrade",
         [this](const YamlNode& node) {
             put(component_.allow_downgrade, decoder_.read_bool(node, "allow_downgrade"));
         }},
        {"replace_packaged",
         [this](const YamlNode& node) {
             put(component_.replace_packaged, decoder_.read_bool(node, "replace_packaged"));
         }},
        {"windows", [this](const YamlNode& node) { read_windows(node); }},
        {"state",
         [this](const YamlNode& node) {
             put(component_.state,
                 decoder_.read_word<WantedState>(node, "state",
                                                 {{"present", WantedState::present},
                                                  {"absent", WantedState::absent},
                                                  {"held", WantedState::held}}));
         }},
    };
}

void ComponentDecoder::check_whole(const YamlNode& name, const YamlNode& body) {
    const std::string who = fmt::format("component '{}'", component_.name);
    if (short_form_used_ && !component_.files.empty())
        decoder_.complain(name,
                          fmt::format("{}: either 'files' or 'path' is expected, not both", who));
    else if (short_form_used_ && short_form_.path.empty())
        decoder_.complain(name, fmt::format("{}: 'path' is missing", who));
    else if (short_form_used_)
        component_.files.push_back(short_form_);
    if (component_.state == WantedState::absent)
        return;
    if (component_.url.empty())
        decoder_.complain(name, fmt::format("{}: 'url' is missing", who));
    if (component_.files.empty() && !short_form_used_)
        decoder_.complain(name, fmt::format("{}: 'path' (or 'files') is missing", who));
    if (!component_.sha256.empty() && !component_.sha256sums.empty())
        decoder_.complain(*body.find("sha256sums"),
                          fmt::format("{}: either 'sha256' or 'sha256sums' is expected", who));
    warn_of_http(body, who);
}

/// Of each URL that anybody on the way can answer for, when nothing else says what is wanted.
void ComponentDecoder::warn_of_http(const YamlNode& body, const std::string& who) {
    // A checksums file that comes the same way says what its sender wants.
    const bool verified = !component_.sha256.empty() ||
                          component_.sha256sums.starts_with("https://") ||
                          !component_.signature.empty();
    if (verified)
        return;
    constexpr const char* danger = "without sha256 or signature: whoever sits on the way chooses "
                                   "what is installed";
    if (component_.url.starts_with("http://"))
        decoder_.warn(*body.find("url"), fmt::format("{}: http:// {}", who, danger));
    const YamlNode* mirrors = body.find("mirrors");
    // One that is wrong in itself is no mirror, and an error anyway.
    for (std::size_t i = 0; mirrors != nullptr && i < component_.mirrors.size(); ++i)
        if (component_.mirrors[i].starts_with("http://"))
            decoder_.warn(mirrors->items[i], fmt::format("{}: the mirror '{}' {}", who,
                                                         shown_url(component_.mirrors[i]), danger));
}

void read_vars(const YamlNode& node, Decoder& decoder, PlaceholderValues& values) {
    decoder.read_entries(node, "vars", [&](const YamlNode& key, const YamlNode& value) {
        const bool taken = values.contains(key.text) || key.text == "name" ||
                           key.text == "version" || key.text == "url" || key.text == "staged" ||
                           key.text == "path";
        const std::string who = fmt::format("vars: '{}'", printable(key.text, 80));
        if (taken || !is_placeholder_name(key.text)) {
            decoder.complain(key,
                             who + (taken ? " is the name of a built-in placeholder"
                                          : " is no name: at most 64 letters, digits, '_', '-' "
                                            "and ':' are expected"));
            return;
        }
        const auto text = decoder.read_text(value, who);
        if (text && text->size() > longest_var)
            decoder.complain(value,
                             fmt::format("{}: at most {} bytes are expected", who, longest_var));
        else if (text)
            values[key.text] = {*text, true};
    });
}

} // namespace

ParsedManifest parse_manifest(SourceText source, const Facts& facts) {
    ParsedManifest parsed;
    Decoder decoder(source.file, source.text);
    const std::optional<YamlNode> document =
        decoder.read_document(source.text, manifest_size_limit);
    if (document && document->kind != YamlNode::Kind::null) {
        Manifest manifest{machine_placeholders(facts), 0, 0, {}};
        // Wherever vars stand in the file, components may use them.
        if (const YamlNode* vars = document->find("vars"))
            read_vars(*vars, decoder, manifest.values);
        const auto read_component = [&](const YamlNode& name, const YamlNode& body) {
            manifest.index = parsed.components.size();
            parsed.components.push_back(ComponentDecoder(decoder, manifest).read(name, body));
        };
        decoder.read_map(*document, "manifest",
                         {{"components",
                           [&](const YamlNode& node) {
                               if (node.kind != YamlNode::Kind::null)
                                   decoder.read_entries(node, "components", read_component);
                           }},
                          {"vars", [](const YamlNode&) {}}});
        parsed.mentions = std::move(manifest.mentions);
    }
    parsed.errors = decoder.take_errors();
    parsed.warnings = decoder.take_warnings();
    if (parsed.errors.empty())
        parsed.text = std::move(source.text);
    else
        parsed.components.clear();
    return parsed;
}

} // namespace provisor

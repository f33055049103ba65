// SPDX-License-Identifier: Apache-2.0
#include "fuzz/printed.hpp"

#include <fmt/format.h>

namespace provisor::fuzz {
namespace {

/// A text in double quotes (YAML 1.2, 5.7 and 7.3.1).
std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += fmt::format("\\{}", c);
        else if (byte < 0x20 || byte == 0x7F)
            out += fmt::format("\\x{:02x}", byte);
        else
            out += c;
    }
    return out + "\"";
}

std::string printed(Duration span) {
    return span == Duration::max() ? "infinity" : fmt::format("{}us", span.count());
}

/// One mapping in braces.
class Map {
public:
    Map& add(std::string_view key, const std::string& value) {
        text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", key, value);
        return *this;
    }
    std::string take() const { return "{" + text_ + "}"; }

private:
    std::string text_;
};

std::string without(std::string text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word))
        text.erase(at, word.size());
    return text;
}

/// Writes a component, and remembers whether a text in it would be expanded once more.
class ComponentPrinter {
public:
    std::string print(const Component& component);
    bool has_placeholder() const { return has_placeholder_; }

private:
    std::string expanded(const std::string& text) {
        has_placeholder_ = has_placeholder_ || text.find('{') != std::string::npos;
        return in_quotes(text);
    }
    void add(Map& map, const char* key, const std::string& text) {
        if (!text.empty())
            map.add(key, expanded(text));
    }
    void add_command(Map& map, const char* key, const std::vector<std::string>& command) {
        std::string list;
        for (const std::string& word : command) {
            has_placeholder_ =
                has_placeholder_ ||
                without(without(word, "{staged}"), "{path}").find('{') != std::string::npos;
            list += in_quotes(word) + ",";
        }
        if (!command.empty())
            map.add(key, "[" + list + "]");
    }
    template <typename Items, typename Print>
    static void add_list(Map& map, const char* key, const Items& items, Print&& print) {
        std::string list;
        for (const auto& item : items)
            list += print(item) + ", ";
        if (!items.empty())
            map.add(key, "[" + list + "]");
    }
    std::string print(const FileSpec& file);
    std::string print(const UnitSpec& unit);
    static std::string print(const AuthSpec& auth);
    std::string print(const HealthSpec& health);
    std::string print(const VersionCommand& from);
    std::string print(const SignatureSpec& signature);

    bool has_placeholder_ = false;
};

std::string ComponentPrinter::print(const FileSpec& file) {
    Map map;
    add(map, "from", file.from);
    add(map, "path", file.path);
    map.add("mode", fmt::format("\"{:04o}\"", file.mode));
    add(map, "owner", file.owner);
    add(map, "group", file.group);
    return map.take();
}

std::string ComponentPrinter::print(const UnitSpec& unit) {
    constexpr const char* changes[]{"restart", "reload", "reload-or-restart", "start", "none"};
    Map map;
    add(map, "name", unit.name);
    map.add("on_change", changes[static_cast<int>(unit.on_change)]);
    map.add("on_repair", unit.on_repair == OnRepair::none ? "none" : "restart");
    if (unit.file)
        map.add("file", in_quotes(*unit.file));
    return map.add("enable", unit.enable ? "true" : "false").take();
}

std::string ComponentPrinter::print(const AuthSpec& auth) {
    Map map;
    if (auth.netrc)
        return map.add("netrc", "true").take();
    if (!auth.user.empty() || !auth.password.empty())
        return map
            .add("basic", Map()
                              .add("user", in_quotes(auth.user))
                              .add("password", in_quotes(auth.password))
                              .take())
            .take();
    if (auth.header.empty())
        return map.add("bearer", in_quotes(auth.bearer)).take();
    Map header;
    for (const auto& [name, value] : auth.header)
        header.add(in_quotes(name), in_quotes(value));
    return map.add("header", header.take()).take();
}

std::string ComponentPrinter::print(const HealthSpec& health) {
    Map map;
    map.add("settle", printed(health.settle)).add("timeout", printed(health.timeout));
    add(map, "http", health.http);
    add(map, "tcp", health.tcp);
    add_command(map, "command", health.command);
    return map.take();
}

std::string ComponentPrinter::print(const VersionCommand& from) {
    Map map;
    add_command(map, "command", from.command);
    return map.add("match", in_quotes(from.match)).take();
}

std::string ComponentPrinter::print(const SignatureSpec& signature) {
    constexpr const char* overs[]{"auto", "artifact", "sums"};
    if (signature.keys.empty() && signature.over == SignatureOver::automatic)
        return expanded(signature.url);
    Map map;
    add(map, "url", signature.url);
    add_list(map, "keys", signature.keys, [this](const std::string& key) { return expanded(key); });
    return map.add("over", overs[static_cast<int>(signature.over)]).take();
}

std::string ComponentPrinter::print(const Component& component) {
    constexpr const char* formats[]{"auto", "raw", "gzip", "zstd", "xz", "bzip2", "tar", "zip"};
    constexpr const char* orders[]{"auto", "semver", "numeric", "none"};
    constexpr const char* states[]{"present", "absent", "held"};
    const auto text = [this](const std::string& one) { return expanded(one); };
    const auto part = [this](const auto& one) { return this->print(one); };
    Map map;
    add(map, "version", component.version);
    add(map, "url", component.url);
    add_list(map, "mirrors", component.mirrors, text);
    add(map, "sha256", component.sha256);
    add(map, "sha512", component.sha512);
    add(map, "checksums", component.checksums);
    add(map, "checksums_name", component.checksums_name);
    if (!component.signature.empty())
        map.add("signature", print(component.signature));
    if (component.auth)
        map.add("auth", print(*component.auth));
    map.add("update", component.update == Update::revalidate ? "revalidate" : "if-missing");
    map.add("format", formats[static_cast<int>(component.format)]);
    add_list(map, "files", component.files, part);
    add_command(map, "check", component.check);
    if (component.version_from)
        map.add("version_from", print(*component.version_from));
    add_list(map, "units", component.units, part);
    add_list(map, "after", component.after, in_quotes);
    map.add("health", print(component.health));
    map.add("rollback", component.rollback == Rollback::automatic ? "auto" : "off");
    map.add("version_order", orders[static_cast<int>(component.version_order)]);
    map.add("allow_downgrade", component.allow_downgrade ? "true" : "false");
    map.add("replace_packaged", component.replace_packaged ? "true" : "false");
    add_list(map, "windows", component.windows,
             [](const Window& one) { return in_quotes(one.text); });
    map.add("state", states[static_cast<int>(component.state)]);
    return "components: {" + in_quotes(component.name) + ": " + map.take() + "}\n";
}

} // namespace

std::optional<std::string> printed_manifest(const Component& component) {
    ComponentPrinter printer;
    std::string text = printer.print(component);
    return printer.has_placeholder() ? std::nullopt : std::optional(std::move(text));
}

std::string printed_config(const AgentConfig& config) {
    constexpr const char* required[]{"none", "pin", "signature"};
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    Map limits;
    limits.add("download_rate", number(config.limits.download_rate))
        .add("artifact_size", number(config.limits.artifact_size))
        .add("min_free", number(config.limits.min_free));
    Map timeouts;
    timeouts.add("connect", printed(config.timeouts.connect))
        .add("stall", printed(config.timeouts.stall))
        .add("total", printed(config.timeouts.total));
    Map retry;
    retry.add("first", printed(config.retry.first))
        .add("max", printed(config.retry.max))
        .add("attempts", number(config.retry.attempts));
    Map flip_flop;
    flip_flop.add("window", printed(config.flip_flop.window))
        .add("switches", number(config.flip_flop.switches))
        .add("hold", printed(config.flip_flop.hold))
        .add("max_hold", printed(config.flip_flop.max_hold));
    Map tls;
    tls.add("ca_file", in_quotes(config.tls.ca_file))
        .add("client_cert", in_quotes(config.tls.client_cert))
        .add("client_key", in_quotes(config.tls.client_key))
        .add("min_version", in_quotes(config.tls.min_version));
    Map map;
    map.add("state_dir", in_quotes(config.state_dir))
        .add("interval", printed(config.interval))
        .add("splay", printed(config.splay))
        .add("require", required[static_cast<int>(config.require)])
        .add("parallel", number(config.parallel))
        .add("limits", limits.take())
        .add("timeouts", timeouts.take())
        .add("cache", Map()
                          .add("keep_versions", number(config.cache.keep_versions))
                          .add("max_size", number(config.cache.max_size))
                          .take())
        .add("retry", retry.take())
        .add("flip_flop", flip_flop.take())
        .add("tls", tls.take())
        .add("proxy", in_quotes(config.proxy))
        .add("max_age", printed(config.max_age));
    return map.take() + "\n";
}

} // namespace provisor::fuzz

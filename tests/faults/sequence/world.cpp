// SPDX-License-Identifier: Apache-2.0
#include "faults/sequence/world.hpp"

#include "base/sha256.hpp"
#include "local/unpack/archives.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

constexpr std::array names{"bundle", "pinned", "plain"};
static_assert(names.size() == World::components);
constexpr int versions = 4;

/// A script of a size and with bytes of its own.
std::string script(const std::string& name, int version) {
    std::string text = fmt::format("#!/bin/sh\n# {} {}\nexit 0\n", name, version);
    std::mt19937_64 random(static_cast<unsigned char>(sha256_of(text)[0]) * 100U +
                           static_cast<unsigned>(version));
    const std::size_t size = 1000 + random() % 60'000;
    while (text.size() < size)
        text += static_cast<char>('0' + random() % 75);
    return text;
}

std::string bundle(int version) {
    return gzip_of(tar_of({{.name = "bundle/one", .content = script("one", version)},
                           {.name = "bundle/two", .content = script("two", version)},
                           {.name = "bundle/rest", .content = "not wanted\n"}}));
}

std::string content_of(const std::string& component, int version) {
    return component == "bundle" ? bundle(version) : script(component, version);
}

std::string described(const std::string& content) { return "0755 " + sha256_of(content); }

/// What a version of a component puts where.
std::map<std::string, std::string> files_of(const std::string& component, int version) {
    if (component != "bundle")
        return {{"/opt/" + component, described(script(component, version))}};
    return {{"/opt/one", described(script("one", version))},
            {"/opt/two", described(script("two", version))}};
}

std::vector<fs::path> below(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code missing;
    for (auto entry = fs::recursive_directory_iterator(folder, missing);
         !missing && entry != fs::recursive_directory_iterator(); entry.increment(missing))
        found.push_back(entry->path());
    std::sort(found.begin(), found.end());
    return found;
}

void change_a_byte(const fs::path& file, std::mt19937_64& random) {
    std::string text = read_text(file);
    if (text.empty())
        return;
    text[random() % text.size()] ^= 1;
    write_text(file, text);
}

void cut_short(const fs::path& file, std::mt19937_64& random) {
    fs::resize_file(file, random() % (fs::file_size(file) + 1));
}

/// Does something to a file, and says what.
std::string spoil(const fs::path& file, std::mt19937_64& random) {
    switch (random() % 5) {
    case 0:
        fs::remove(file);
        return "removed ";
    case 1:
        change_a_byte(file, random);
        return "changed a byte of ";
    case 2:
        cut_short(file, random);
        return "cut ";
    case 3:
        fs::permissions(file, fs::perms(0700));
        return "changed the mode of ";
    default:
        write_text(file, "#!/bin/sh\n# by hand\n");
        return "overwrote ";
    }
}

} // namespace

World::World(std::uint64_t seed)
    : seed_(seed), origin_(
                       0, [this](const std::string& path) { return serve(path); },
                       [this](const Exchange& exchange) { remember(exchange); }) {
    for (const char* name : names)
        publish(name, 0);
    write_manifest();
}

void World::publish(const std::string& component, int version) {
    const std::scoped_lock lock(mutex_);
    versions_[component] = version;
    pages_[component] =
        page(content_of(component, version), fmt::format("\"{}-{}\"", component, version));
    for (const auto& [path, what] : files_of(component, version)) {
        published_[path].insert(what);
        wanted_[path] = what;
    }
}

std::string World::publish(std::mt19937_64& random) {
    const std::string component = one_of(names, random);
    const int version = static_cast<int>(random() % versions);
    publish(component, version);
    write_manifest();
    return fmt::format("published {} {}", component, version);
}

void World::write_manifest() const {
    const auto url = [&](const std::string& path) { return origin_.url("/" + path); };
    const std::string pinned = content_of("pinned", versions_.at("pinned"));
    machine.write_manifest(fmt::format(
        "components:\n"
        "  bundle:\n    url: {}\n    format: tar\n    files:\n"
        "      - {{ from: bundle/one, path: /opt/one, mode: \"0755\" }}\n"
        "      - {{ from: bundle/two, path: /opt/two, mode: \"0755\" }}\n"
        "  pinned:\n    url: {}\n    mirrors: [ {} ]\n    sha256: {}\n    path: /opt/pinned\n    "
        "mode: \"0755\"\n"
        "  plain:\n    url: {}\n    path: /opt/plain\n    mode: \"0755\"\n",
        url("bundle"), url("pinned"), url("mirror/pinned"), sha256_of(pinned), url("plain")));
}

std::string World::damage(std::mt19937_64& random) {
    const fs::path state = machine.under("var/lib/provisor");
    const auto choice = random() % 10;
    if (choice == 0) {
        fs::remove_all(state);
        return "removed the state directory";
    }
    if (choice == 1) {
        fs::remove_all(machine.cache());
        return "removed the cache";
    }
    if (choice == 2) {
        write_text(machine.under("opt/.provisor-0123456789abcdef"), "half of someth");
        write_text(machine.cache() / ".provisor-fedcba9876543210", "half of someth");
        return "put temporary files about";
    }
    std::vector<fs::path> files = below(choice < 5 ? machine.under("opt") : state);
    std::erase_if(files, [](const fs::path& file) { return !fs::is_regular_file(file); });
    if (files.empty())
        return "damaged nothing, since nothing is there";
    const fs::path file = one_of(files, random);
    return spoil(file, random) + fs::relative(file, machine.root()).string();
}

void World::calm() {
    const std::scoped_lock lock(mutex_);
    calm_ = true;
}

Page World::serve(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    const std::string component = fs::path(path).filename();
    Page page = pages_.at(component);
    if (!calm_)
        page.behavior =
            weather(seed_, path, asked_[path]++, component == "plain" ? Checked::no : Checked::yes);
    log_.push_back(path + " is treated " + (page.behavior.empty() ? "well" : page.behavior));
    return page;
}

void World::remember(const Exchange& exchange) {
    const std::scoped_lock lock(mutex_);
    body_bytes_ += exchange.body_bytes;
}

std::vector<std::string> World::take_log() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(log_, {});
}

std::uint64_t World::body_bytes() const {
    const std::scoped_lock lock(mutex_);
    return body_bytes_;
}

std::map<std::string, std::string> World::files() const {
    std::map<std::string, std::string> found;
    for (const fs::path& file : below(machine.under("opt"))) {
        struct stat facts {};
        if (::lstat(file.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
            !file.filename().string().starts_with(".provisor-"))
            found["/" + fs::relative(file, machine.root()).string()] =
                fmt::format("{:04o} {}", facts.st_mode & 07777U, sha256_of(read_text(file)));
    }
    return found;
}

std::vector<std::string> World::left_over() const {
    std::vector<std::string> left;
    for (const fs::path& file : below(machine.root()))
        if (file.filename().string().starts_with(".provisor-") ||
            file.parent_path() == machine.cache() / "partial")
            left.push_back(fs::relative(file, machine.root()).string());
    return left;
}

std::map<std::string, std::string> World::listing() const {
    std::map<std::string, std::string> listing;
    for (const char* folder : {"opt", "var/lib/provisor"})
        for (const fs::path& file : below(machine.under(folder))) {
            struct stat facts {};
            ::lstat(file.c_str(), &facts);
            listing[file] = fmt::format("{} {} {} {}.{}", facts.st_ino, facts.st_mode,
                                        facts.st_size, facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec);
        }
    return listing;
}

} // namespace provisor::test

// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/report.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

namespace provisor::test {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const CountedCall& call) {
    return {{"number", call.number},
            {"process", call.process},
            {"sort", to_text(call.change.sort)},
            {"name", call.change.name},
            {"path", call.change.path},
            {"size", call.change.size},
            {"size_argument", call.change.size_argument}};
}

CountedCall call_of(const Json& json) {
    CountedCall call;
    call.number = json.at("number").get<std::uint64_t>();
    call.process = json.at("process").get<std::string>();
    call.change.sort = parse_sort(json.at("sort").get<std::string>());
    call.change.name = json.at("name").get<std::string>();
    call.change.path = json.at("path").get<std::string>();
    call.change.size = json.at("size").get<std::uint64_t>();
    call.change.size_argument = json.at("size_argument").get<int>();
    return call;
}

} // namespace

void write_report(const std::filesystem::path& file, const Findings& findings) {
    Json json{{"status", findings.status},
              {"hung", findings.hung},
              {"afterwards_ms", findings.afterwards.count()},
              {"count", findings.calls.size()},
              {"struck", nullptr},
              {"calls", Json::array()}};
    if (findings.struck)
        json["struck"] = to_json(*findings.struck);
    for (const CountedCall& call : findings.calls)
        json["calls"].push_back(to_json(call));
    std::ofstream(file) << json.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
}

Findings read_report(const std::filesystem::path& file) {
    std::ifstream text(file);
    const Json json = Json::parse(text);
    Findings findings;
    findings.status = json.at("status").get<int>();
    findings.hung = json.at("hung").get<bool>();
    findings.afterwards = std::chrono::milliseconds(json.at("afterwards_ms").get<std::int64_t>());
    if (const Json& struck = json.at("struck"); !struck.is_null())
        findings.struck = call_of(struck);
    for (const Json& call : json.at("calls"))
        findings.calls.push_back(call_of(call));
    return findings;
}

std::string to_text(const CountedCall& call) {
    return std::to_string(call.number) + " " + call.change.name + " " + call.change.path + " (" +
           call.process + ")";
}

} // namespace provisor::test

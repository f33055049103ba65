// SPDX-License-Identifier: Apache-2.0
#include "wire/probe_messages.hpp"

#include "base/error.hpp"
#include "wire/payload.hpp"

namespace provisor {

std::string encode(const ProbeOrder& order) {
    return PayloadWriter()
        .add(static_cast<std::uint64_t>(order.kind))
        .add(order.limit)
        .add(order.address)
        .take();
}

ProbeOrder decode_probe_order(std::string_view payload) {
    PayloadReader reader(payload);
    ProbeOrder order;
    const std::uint64_t kind = reader.number();
    order.limit = reader.number();
    order.address = reader.text();
    reader.finish();
    if (kind > static_cast<std::uint64_t>(ProbeKind::tcp))
        throw Error(ErrorKind::io, "a message with an impossible kind of probe");
    if (order.limit == 0 || order.address.empty())
        throw Error(ErrorKind::io, "a probe without a limit or an address");
    order.kind = static_cast<ProbeKind>(kind);
    return order;
}

std::string encode(const ProbeReport& report) {
    return PayloadWriter().add(report.status).add(report.failure).take();
}

ProbeReport decode_probe_report(std::string_view payload) {
    PayloadReader reader(payload);
    ProbeReport report;
    report.status = reader.number();
    report.failure = reader.text();
    reader.finish();
    const bool answered = report.status != 0;
    if ((answered && (report.status < 200 || report.status > 999)) ||
        (answered && !report.failure.empty()))
        throw Error(ErrorKind::io, "a message with an impossible status");
    return report;
}

} // namespace provisor

#include "vrrpd/engine/core/bfd_dump.hpp"

#include <fmt/format.h>

#include "vrrpd/engine/core/dump_words.hpp"

namespace vrrpd::engine {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

// The lines below a session's name: " = " between a key and its value.
class Lines {
public:
    explicit Lines(const BfdStatus& status) : status_(status), session_(status.session) {}

    std::string text(DumpMoment moment) {
        text_ = fmt::format(" BFD Instance = {}\n", status_.config.name);
        settings();
        line("local state", name(session_.state()));
        line("remote state", name(session_.remote().state));
        line("local discriminator", fmt::format("0x{:x}", session_.discriminator()));
        line("remote discriminator", fmt::format("0x{:x}", session_.remote().discriminator));
        line("local diag", name(session_.diagnostic()));
        line("remote diag", name(session_.remote().diagnostic));
        times();
        if (const auto heard = session_.last_heard()) line("last seen", when(*heard, moment));
        line("last transition", when(status_.since, moment));
        counters();
        return std::move(text_);
    }

private:
    template <class Value>
    void line(std::string_view key, const Value& value) {
        text_ += fmt::format("   {} = {}\n", key, value);
    }
    void interval(std::string_view key, Duration value) {
        line(key, fmt::format("{} us", duration_cast<microseconds>(value).count()));
    }
    static std::string when(Instant at, DumpMoment moment) {
        return time_text(duration_cast<microseconds>((moment.wall - (moment.now - at)).time_since_epoch()));
    }

    void settings() {
        const auto& config = status_.config;
        const auto& p = config.parameters;
        line("Neighbor IP", config.neighbor.to_string());
        if (config.source) line("Source IP", config.source->to_string());
        interval("Required min RX interval", p.min_rx);
        interval("Desired min TX interval", p.min_tx);
        interval("Desired idle TX interval", p.idle_tx);
        line("Detection multiplier", p.multiplier);
        line(config.neighbor.is_v4() ? "TTL" : "hoplimit", config.hops);
        line("least TTL received", config.least_hops);
        line("passive", p.passive ? "true" : "false");
        if (config.multihop) text_ += "   multihop\n";
        if (!status_.device.empty()) line("Interface", status_.device);
        if (status_.port != 0) line("Source port", status_.port);
    }

    void times() {
        const auto& remote = session_.remote();
        interval("remote min tx intv", remote.min_tx);
        interval("remote min rx intv", remote.min_rx);
        line("local demand", 0);
        line("remote demand", remote.demand ? 1 : 0);
        line("remote detect multiplier", remote.multiplier);
        text_ += fmt::format("   {}poll\n", session_.polling() ? "" : "!");
        interval("local tx intv", session_.transmit_interval());
        interval("local detection time", session_.detection_time());
        interval("remote detection time", session_.remote_detection_time());
    }

    void counters() {
        const auto& counted = status_.counters;
        line("packets sent", counted.sent);
        line("packets received", counted.received);
        line("became Up", counted.became_up);
        line("went Down", counted.went_down);
        for (std::size_t kind = 0; kind < counted.rejected.size(); ++kind)
            if (counted.rejected[kind] > 0)
                line(fmt::format("refused: {}", name(static_cast<proto::BfdRejection>(kind))), counted.rejected[kind]);
    }

    const BfdStatus& status_;
    const proto::BfdSession& session_;
    std::string text_;
};

}  // namespace

std::string tracked_bfd_text(const config::Instance& instance, const config::Config& config) {
    std::string text;
    for (const auto& track : instance.tracks)
        if (track.kind == config::Track::Kind::bfd)
            text +=
                fmt::format("     {}: weight {}\n", config.bfd_instances.at(track.object).name, dumped_weight(track));
    return text.empty() ? text : "   Tracked BFDs :\n" + text;
}

std::string tracked_bfd_text(const std::vector<BfdStatus>& sessions, const config::Config& config) {
    if (sessions.empty()) return {};
    std::string text = "------< VRRP Track BFDs >------\n";
    for (std::uint32_t number = 0; number < sessions.size(); ++number) {
        const auto& status = sessions[number];
        text += fmt::format(
            " VRRP Track BFD = {}\n   Weight = {}\n   Bfd is {}\n   Tracking VRRP instances :\n"
            "   Tracking instances :\n",
            status.config.name, dumped_weight(status.config), status.is_up() ? "up" : "down");
        for (const auto& instance : config.instances)
            for (const auto& track : instance.tracks)
                if (track.kind == config::Track::Kind::bfd && track.object == number)
                    text += fmt::format("     {}, weight {}\n", instance.name, dumped_weight(track));
    }
    return text;
}

std::string bfd_text(const std::vector<BfdStatus>& sessions, DumpMoment moment) {
    std::string text = "------< BFD Topology >------\n";
    for (const auto& status : sessions) text += Lines(status).text(moment);
    return text;
}

}  // namespace vrrpd::engine

#include "vrrpd/ctl/render.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <vector>

#include <nlohmann/json.hpp>

#include "vrrpd/ctl/page.hpp"

namespace vrrpd::ctl {

namespace {

using Json = nlohmann::json;

// ---- what is in the document, whatever it is --------------------------------------------------------------

const Json& member(const Json& object, const char* key) {
    static const Json nothing;
    if (!object.is_object()) return nothing;
    const auto at = object.find(key);
    return at == object.end() ? nothing : *at;
}

std::string text(const Json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

double number(const Json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_number() ? value.get<double>() : 0;
}

bool yes(const Json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_boolean() && value.get<bool>();
}

const Json& list(const Json& object, const char* key) {
    static const Json empty = Json::array();
    const auto& value = member(object, key);
    return value.is_array() ? value : empty;
}

std::vector<std::string> words(const Json& object, const char* key) {
    std::vector<std::string> result;
    for (const auto& word : list(object, key))
        if (word.is_string()) result.push_back(word.get<std::string>());
    return result;
}

std::string age(const Json& object, const char* key = "since") { return duration(number(object, key)); }

// "1 lease", "2 leases", "2 addresses".
std::string count(double number, const std::string& what) {
    const auto* const ending = number == 1 ? "" : what.ends_with('s') ? "es" : "s";
    return fmt::format("{} {}{}", std::llround(number), what, ending);
}

// ---- the report ---------------------------------------------------------------------------------------------

class Report {
public:
    explicit Report(const Json& document) : document_(document) {}

    Rendered make() {
        for (const auto& gateway : list(document_, "gateways")) verdict(gateway);
        remarks();
        for (const auto& gateway : list(document_, "gateways")) candidates(gateway);
        routers();
        leases(member(document_, "leases"));
        for (const auto& dns : list(document_, "dns")) this->dns(dns);
        peers();
        return {page_.text(), well_};
    }

private:
    [[nodiscard]] std::string host() const { return text(document_, "host"); }

    // What is wrong; the exit status says so too.
    void wrong(std::string_view line, std::size_t hanging = 2) {
        well_ = false;
        page_.line(line, hanging);
    }

    // ---- the answer, first of all
    void verdict(const Json& gateway) {
        const auto name = text(gateway, "name");
        who_is_active(gateway, name);
        const auto obstacles = words(gateway, "obstacles");
        if (text(gateway, "state") == "MASTER" && obstacles.empty()) {
            page_.line(fmt::format("  This host ({}) is the gateway.", host()), 4);
        } else if (text(gateway, "state") == "MASTER") {
            wrong(fmt::format("  This host ({}) is the gateway, and NOT WELL, because", host()), 4);
        } else if (yes(gateway, "ready")) {
            page_.line(fmt::format("  This stand-in ({}) could take over now: yes", host()), 4);
        } else {
            wrong(fmt::format("  This stand-in ({}) could take over now: NO, because", host()), 4);
        }
        for (const auto& obstacle : obstacles) page_.line("    - " + obstacle, 6);
        for (const auto& split : list(gateway, "split_brain"))
            wrong(fmt::format("  SPLIT BRAIN for {}: {} is MASTER too. They talk, yet one does not hear the other's "
                              "adverts: protocol 112 filtered, multicast dropped by a switch (IGMP snooping)?",
                              age(split), text(split, "peer")),
                  4);
    }

    void who_is_active(const Json& gateway, const std::string& name) {
        std::vector<std::string> active;
        for (const auto& candidate : list(gateway, "candidates"))
            if (text(candidate, "state") == "MASTER")
                active.push_back(fmt::format("{}, for {}", text(candidate, "host"), age(candidate)));
        if (active.empty())
            if (const auto heard = master_heard(text(gateway, "follows")); !heard.empty()) active.push_back(heard);
        if (active.empty()) return wrong(fmt::format("{}: NOBODY is known to be the gateway", name));
        page_.line(fmt::format("{}: the gateway is {}", name, fmt::join(active, "; and ")));
    }

    // Whose adverts this host hears, where the link says nothing.
    [[nodiscard]] std::string master_heard(const std::string& followed) const {
        for (const auto& router : list(document_, "instances")) {
            if (text(router, "name") != followed && text(router, "sync_group") != followed) continue;
            if (auto heard = master(router); !heard.empty()) return heard;
        }
        return {};
    }
    [[nodiscard]] static std::string master(const Json& router) {
        const auto& master = member(router, "master");
        const auto name = text(master, "name"), address = text(master, "address");
        return name.empty() ? address : name + " (" + address + ")";
    }

    void remarks() {
        if (const auto engine = text(document_, "engine"); engine != "ok") wrong(engine);
        if (yes(document_, "observing")) page_.line("It only observes: nothing is sent, nothing changed.");
        const auto& link = member(document_, "peer_link");
        if (const auto trouble = text(link, "trouble"); !trouble.empty()) wrong("peer link: " + trouble);
    }

    // ---- details
    void candidates(const Json& gateway) {
        page_.gap();
        page_.line(padded("  " + text(gateway, "name"), 16) + padded("state", 8) + padded("for", 14) +
                   padded("priority", 8) + "could take over");
        for (const auto& candidate : list(gateway, "candidates")) this->candidate(candidate);
        for (const auto& unit : list(gateway, "units")) this->unit(unit);
        if (!yes(member(document_, "peer_link"), "configured"))
            page_.line("  Of other hosts nothing is known: there is no peer_link.");
    }

    // While this host is the gateway they run, else they do not.
    void unit(const Json& unit) {
        const auto line =
            fmt::format("  unit {} is {}", text(unit, "name"), yes(unit, "wanted") ? "started" : "stopped");
        const auto problem = text(unit, "problem");
        if (problem.empty()) return page_.line(line);
        wrong(fmt::format("{}, but systemctl {}", line, problem), 4);
    }

    void candidate(const Json& candidate) {
        const auto name = padded((yes(candidate, "self") ? "* " : "  ") + text(candidate, "host"), 16);
        if (const auto trouble = text(candidate, "trouble"); !trouble.empty()) return wrong(name + trouble, 17);
        const auto& priority = member(candidate, "priority");
        const auto state = text(candidate, "state");
        const auto obstacles = words(candidate, "obstacles");
        const bool active = state == "MASTER";
        std::string ready = active ? "is the gateway" : obstacles.empty() ? "yes" : "NO: ";
        if (active && !obstacles.empty()) {
            well_ = false;
            ready += ", and NOT WELL: ";
        }
        page_.line(name + padded(state, 8) + padded(age(candidate), 14) +
                       padded(priority.is_number() ? fmt::format("{}", priority.get<double>()) : "?", 8) +
                       fmt::format("{}{}", ready, fmt::join(obstacles, "; ")),
                   17);
    }

    void routers() {
        if (list(document_, "instances").empty()) return;
        page_.gap();
        for (const auto& router : list(document_, "instances")) this->router(router);
        for (const auto& group : list(document_, "sync_groups"))
            page_.line(fmt::format("Sync group {}: {} for {}: {}", text(group, "name"), text(group, "state"),
                                   age(group), fmt::join(words(group, "members"), ", ")));
        for (const auto& session : list(document_, "bfd")) this->session(session);
    }

    void session(const Json& session) {
        const auto state = text(session, "state");
        auto line = fmt::format("BFD {} with {}: {} for {}", text(session, "name"), text(session, "neighbor"), state,
                                age(session));
        if (state == "Up") {
            line += fmt::format("; its silence is noticed after {:.0f} ms", 1e3 * number(session, "detection_time"));
        } else if (state != "Unknown") {
            return wrong(line + ": " + text(session, "diagnostic"));
        }
        page_.line(line);
    }

    void router(const Json& router) {
        const auto state = text(router, "state");
        auto line =
            fmt::format("{}: {} for {}, VRID {} on {}, priority {}", text(router, "name"), state, age(router),
                        number(router, "vrid"), text(router, "interface"), number(router, "effective_priority"));
        std::string reasons;
        for (const auto& reason : list(router, "reasons"))
            if (const auto weight = number(reason, "contributes"); weight != 0)
                reasons += fmt::format(" {:+} ({} {})", weight, text(reason, "name"), condition(reason));
        if (!reasons.empty()) line += fmt::format(" = {}{}", number(router, "priority"), reasons);
        if (const auto heard = master(router); !heard.empty()) line += "; MASTER is " + heard;
        page_.line(line);
        for (const auto& fault : words(router, "faults")) wrong("  fault: " + fault, 4);
        for (const auto& object : words(router, "missing"))
            wrong("  DEGRADED: it could not get, or has lost, " + object, 4);
    }

    // A tracked file is what stands in it, everything else is up or down.
    [[nodiscard]] static std::string condition(const Json& reason) {
        const auto& number = member(reason, "number");
        if (number.is_number()) return fmt::format("= {}", number.get<double>());
        return yes(reason, "up") ? "up" : "down";
    }

    void leases(const Json& leases) {
        if (!leases.is_object()) return;
        page_.gap();
        const auto file = text(leases, "lease_file");
        page_.line(fmt::format("DHCP of {}: {}{}", text(leases, "gateway"), count(number(leases, "count"), "lease"),
                               file.empty() ? "" : ", this host's server keeps them in " + file));
        const auto& server = member(leases, "server");
        if (!yes(server, "alive")) wrong("  its DHCP server here is DEAD: " + text(server, "why"), 4);
        if (const auto trouble = text(leases, "trouble"); !trouble.empty()) wrong("  " + trouble, 4);
        if (const auto missing = number(leases, "missing"); missing > 0)
            page_.line(fmt::format("  {} not in the server here yet, or not as now", count(missing, "lease")), 4);
        if (const auto refused = number(leases, "refused"); refused > 0)
            wrong(fmt::format("  {} too many for the server here: raise dhcp-lease-max", count(refused, "lease")), 4);
        if (const auto contested = number(leases, "quarantined"); contested > 0)
            page_.line(fmt::format("  {} held by two machines: not given away until one of them ends",
                                   count(contested, "address")),
                       4);
        if (const auto faulty = number(leases, "faulty"); faulty > 0)
            page_.line(fmt::format("  {} of the lease file not understood", count(faulty, "record")), 4);
        for (const auto& lag : list(leases, "lags")) this->lag(lag);
    }

    void lag(const Json& lag) {
        if (yes(lag, "complete"))
            page_.line(fmt::format("  {} has all of it; the last change took {:.0f} ms", text(lag, "host"),
                                   1e3 * number(lag, "last")),
                       4);
        else
            page_.line(fmt::format("  {} is {:.0f} ms behind", text(lag, "host"), 1e3 * number(lag, "behind")), 4);
    }

    void dns(const Json& dns) {
        page_.gap();
        if (text(dns, "mode") == "redirect" && text(dns, "answers").empty())
            page_.line(fmt::format("DNS of {}: what the gateway itself has at port 53 of the virtual address",
                                   text(dns, "gateway")));
        else if (text(dns, "mode") == "redirect")
            page_.line(
                fmt::format("DNS of {}: {} answers, for {}", text(dns, "gateway"), text(dns, "answers"), age(dns)));
        else
            page_.line(fmt::format("DNS of {}: this host counts for less while its forwarder answers nobody",
                                   text(dns, "gateway")));
        if (yes(dns, "none_alive"))
            wrong("  NONE of the forwarders answers", 4);
        else if (const auto trouble = text(dns, "trouble"); !trouble.empty())
            wrong("  TROUBLE: " + trouble, 4);
        if (yes(dns, "may_differ"))
            page_.line("  filtering, and rules for single clients, may differ from those of the first one", 4);
        if (yes(dns, "wan_down"))
            page_.line("  no server resolves anything (is the internet down?), which moves nothing", 4);
        for (const auto& forwarder : list(dns, "forwarders")) this->forwarder(forwarder);
    }

    void forwarder(const Json& forwarder) {
        const auto& latency = member(forwarder, "latency");
        const auto symptom = text(forwarder, "symptom"), health = text(forwarder, "health");
        std::string line = "  " + padded(text(forwarder, "name"), 14);
        line += padded(fmt::format("{} port {}", text(forwarder, "address"), number(forwarder, "port")), 24);
        line += padded(health, 13) + "for " + age(forwarder);
        if (latency.is_number()) line += fmt::format(", {:.1f} ms", 1e3 * latency.get<double>());
        if (health != "OK") line += ": " + symptom;
        page_.line(line, 17);
    }

    void peers() {
        if (list(document_, "peers").empty()) return;
        page_.gap();
        for (const auto& peer : list(document_, "peers")) this->peer(peer);
    }

    void peer(const Json& peer) {
        const auto who = fmt::format("peer {} ({}): ", text(peer, "host"), text(peer, "address"));
        if (!member(peer, "connected").is_number()) {
            const auto trouble = text(peer, "trouble");
            return wrong(who + "not connected" + (trouble.empty() ? "" : ": " + trouble));
        }
        const auto offset = number(peer, "clock_offset");
        const auto clock =
            std::abs(offset) < 1 ? fmt::format("{:+.0f} ms", 1e3 * offset) : fmt::format("{:+.1f} s", offset);
        page_.line(fmt::format("{}connected for {}, runs vrrpd {}, clock {}", who, age(peer, "connected"),
                               text(peer, "version"), clock));
        if (std::abs(offset) > 5) wrong("  its clock differs, and leases end by the clock: let NTP set both", 4);
        if (const auto drift = words(peer, "drift"); !drift.empty())
            wrong(fmt::format("  its settings differ from ours: {}", fmt::join(drift, ", ")), 4);
    }

    const Json& document_;
    Page page_;
    bool well_ = true;
};

}  // namespace

std::optional<Rendered> render(std::string_view document) {
    const auto parsed = Json::parse(document, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("version") || !parsed.contains("gateways")) return std::nullopt;
    return Report(parsed).make();
}

std::string painted(std::string_view text) {
    struct Paint {
        std::string_view word, colour;
    };
    constexpr std::string_view good = "\x1b[1;32m", bad = "\x1b[1;31m", plain = "\x1b[0m";
    constexpr std::array paints{Paint{"MASTER", good},  Paint{"now: yes", good},    Paint{"NO, because", bad},
                                Paint{"NO:", bad},      Paint{"FAULT", bad},        Paint{"SPLIT BRAIN", bad},
                                Paint{"NOT WELL", bad}, Paint{"TROUBLE", bad},      Paint{"DEGRADED", bad},
                                Paint{"NOBODY", bad},   Paint{"DEAD", bad},         Paint{"TCP_ONLY", bad},
                                Paint{"NONE", bad},     Paint{"not connected", bad}};
    std::string result;
    while (!text.empty()) {
        const Paint* found = nullptr;
        for (const auto& paint : paints)
            if (text.starts_with(paint.word)) found = &paint;
        const auto length = found ? found->word.size() : 1;
        if (found) result += found->colour;
        result += text.substr(0, length);
        if (found) result += plain;
        text.remove_prefix(length);
    }
    return result;
}

std::string duration(double seconds) {
    if (!(seconds > 0)) seconds = 0;
    constexpr double most = 1e10;  // three centuries
    const auto all = std::llround(std::min(seconds, most));
    constexpr long long minute = 60, hour = 60 * minute, day = 24 * hour;
    if (all < minute) return fmt::format("{} s", all);
    if (all < hour) return fmt::format("{} min", all / minute);
    if (all < day) return fmt::format("{} h {} min", all / hour, all % hour / minute);
    return fmt::format("{} d {} h", all / day, all % day / hour);
}

}  // namespace vrrpd::ctl

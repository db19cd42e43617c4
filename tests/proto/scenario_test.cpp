// Golden scenarios: scripts of events with the actions that follow each. An unindented line is input, the indented
// lines below it are what came out. VRRPD_REWRITE=1 writes what comes out now; commit that only if you understand it.
//
//     router KEY=VALUE...          a fresh router
//     TIME EVENT [ARGUMENTS]       start, adopt, stop, fault, time, ready, unready, probe-answered, claim-failed,
//                                  priority N, reconfigure KEY=VALUE..., advert PRIORITY from ADDRESS [every N]
//     until TIME                   every deadline up to then
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "tests/proto/text.hpp"

namespace vrrpd::proto::scenario_test {
namespace {

const std::filesystem::path folder = std::filesystem::path(VRRPD_SOURCE_DIR) / "tests/proto/scenarios";
const IpAddress own_address = IpAddress::v4(10, 12, 14, 3);

Duration milliseconds(const std::string& word) {  // "3609.375ms" or a bare number of ms
    return std::chrono::round<Duration>(std::chrono::duration<double, std::milli>(std::stod(word)));
}

void set(RouterParameters& parameters, const std::string& key, const std::string& value) {
    const std::map<std::string, std::function<void()>> setters{
        {"version", [&] { parameters.version = value == "2" ? Version::v2 : Version::v3; }},
        {"priority", [&] { parameters.priority = Priority::configured(unsigned(std::stoul(value))).value(); }},
        {"interval", [&] { parameters.advert_interval = Centiseconds(std::stoi(value)); }},
        {"adverts", [&] { parameters.down_timer_adverts = std::uint8_t(std::stoul(value)); }},
        {"preempt", [&] { parameters.preempt = value == "yes"; }},
        {"preempt_delay", [&] { parameters.preempt_delay = milliseconds(value); }},
        {"ready_timeout", [&] { parameters.ready_timeout = milliseconds(value); }},
        {"answer", [&] { parameters.answer_lower_priority = value == "yes"; }},
        {"last_advert", [&] { parameters.advert_before_yielding = value == "yes"; }},
        {"probe_time", [&] { parameters.probe_time = milliseconds(value); }},
    };
    setters.at(key)();
}

void read_parameters(std::istream& words, RouterParameters& parameters) {
    for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        set(parameters, word.substr(0, equals), word.substr(equals + 1));
    }
}

Received read_advert(std::istream& words, const RouterParameters& parameters) {
    unsigned priority = 0;
    std::string from, address, every;
    int interval = static_cast<int>(parameters.advert_interval.count());
    words >> priority >> from >> address;
    if (words >> every) words >> interval;
    return {Priority::from_wire(static_cast<std::uint8_t>(priority)), Centiseconds(interval),
            IpAddress::parse(address).value(), own_address};
}

Event read_event(const std::string& name, std::istream& words, const RouterParameters& parameters) {
    if (name == "start") return Start{};
    if (name == "adopt") return Adopt{};
    if (name == "stop") return Stop{};
    if (name == "fault") return Fault{};
    if (name == "time") return TimeReached{};
    if (name == "ready" || name == "unready") return ReadinessChanged{name == "ready"};
    if (name == "probe-answered") return ProbeAnswered{};
    if (name == "claim-failed") return ClaimFailed{};
    if (name == "advert") return read_advert(words, parameters);
    if (name == "reconfigure") {
        Reconfigured event{parameters};
        read_parameters(words, event.parameters);
        return event;
    }
    unsigned priority = 0;
    EXPECT_EQ(name, "priority");
    words >> priority;
    return PriorityChanged{Priority::from_wire(static_cast<std::uint8_t>(priority))};
}

// Runs one script line by line; the text of everything, inputs and outputs, is the result.
class Interpreter {
public:
    std::string run(const std::string& script) {
        std::istringstream lines(script);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("    ")) continue;  // an output of the last time
            out_ += line + "\n";
            if (!line.empty() && line[0] != '#') command(line);
        }
        return out_;
    }

private:
    void command(const std::string& line) {
        std::istringstream words(line);
        std::string first, second;
        words >> first;
        if (first == "router") {
            RouterParameters parameters;
            read_parameters(words, parameters);
            router_.emplace(parameters);
            return;
        }
        words >> second;
        if (first == "until") return until(Instant(milliseconds(second)));
        step(Instant(milliseconds(first)), read_event(second, words, router_->parameters()));
        deadline();
    }
    void until(Instant end) {
        while (router_->next_deadline() && *router_->next_deadline() <= end) {
            step(*router_->next_deadline(), TimeReached{});
        }
        deadline();
    }
    void step(Instant now, const Event& event) {
        for (const auto& action : router_->step(now, event)) out_ += "    " + text(now) + " " + text(action) + "\n";
    }
    void deadline() {
        const auto next = router_->next_deadline();
        out_ += "    next " + (next ? text(*next) : std::string("none")) + "\n";
    }

    std::optional<VirtualRouter> router_;
    std::string out_;
};

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, gives_the_recorded_actions) {
    const auto path = folder / GetParam();
    const auto recorded = read_file(path);
    ASSERT_FALSE(recorded.empty());
    const auto now = Interpreter().run(recorded);
    if (std::getenv("VRRPD_REWRITE"))
        std::ofstream(path) << now;
    else
        EXPECT_EQ(now, recorded) << "VRRPD_REWRITE=1 records the new actions in " << path;
}

std::vector<std::string> scripts() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

INSTANTIATE_TEST_SUITE_P(Scripts, Scenario, testing::ValuesIn(scripts()), [](const auto& one) {
    auto name = one.param.substr(0, one.param.find('.'));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace
}  // namespace vrrpd::proto::scenario_test

// The supervisor under test: it runs in a child process (it owns the signals of its process) with engines of the test's
// own, and is seen through its log and its files.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "netlink/fake_kernel.hpp"
#include "tests/base/scratch.hpp"
#include "tests/proto/router_keys.hpp"
#include "vrrpd/supervisor/supervisor.hpp"

namespace vrrpd::supervisor::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FileLog final : public Log {
public:
    explicit FileLog(const std::string& path) : out_(path, std::ios::app) {}
    void write(LogLevel, std::string_view line) override { out_ << line << std::endl; }

private:
    std::ofstream out_;
};

// ---- engines --------------------------------------------------------------------------------------------

// Beats, obeys, and says what it was told.
inline int obedient(engine::EngineOptions options) {
    ipc::ChannelLog log(options.channel);
    log.info("engine: {} adopt={} observe={}", *ipc::unseal(options.configuration.get()), options.adopt,
             options.observe);
    options.channel.send(ipc::Kind::ready);
    for (;;) {
        options.state.beat(boot_now());
        pollfd waiting{options.channel.fd(), POLLIN, 0};
        poll(&waiting, 1, 50);
        ipc::Message message;
        const auto got = options.channel.receive(message);
        if (got == ipc::Channel::State::closed) return 0;
        if (got == ipc::Channel::State::empty) continue;
        if (message.kind == ipc::Kind::stop) {
            log.info("engine: handing over");
            options.channel.send(ipc::Kind::handed_over);
            return 0;
        }
        if (message.kind == ipc::Kind::reload) {
            log.info("engine: reload {}", *ipc::unseal(message.memfd.get()));
            options.channel.send(ipc::Kind::reloaded);
        }
    }
}

// The first `crashes` lives end at once after getting ready. Lives are counted in the shared state, where
// the next engine finds them.
inline EngineMain crashing(int crashes) {
    return [crashes](engine::EngineOptions options) {
        auto& lives = options.state.record(proto::test::key("lives"))->last_advert;
        if (lives.fetch_add(1) < crashes) {
            options.channel.send(ipc::Kind::ready);
            raise(SIGKILL);
        }
        return obedient(std::move(options));
    };
}

// An agent that alerts of each role it is told.
inline Result<AgentProcess> start_alerting_agent() {
    auto ends = ipc::Channel::pair();
    if (!ends) return tl::unexpected(ends.error());
    const pid_t pid = fork();
    if (pid != 0) return AgentProcess{pid, std::move(ends->first)};
    ends->first = ipc::Channel(Fd());
    for (;;) {
        ipc::Message message;
        const auto got = ends->second.receive(message);
        if (got == ipc::Channel::State::closed) _exit(0);
        if (got == ipc::Channel::State::empty) std::this_thread::sleep_for(milliseconds(1));
        if (got != ipc::Channel::State::message || message.kind != ipc::Kind::role_change) continue;
        const auto change = ipc::decode<ipc::RoleChange>(message.text);
        ends->second.send(ipc::Kind::alert, "HOME\n" + std::to_string(static_cast<int>(change->role)) +
                                                (change->resumed ? " again" : ""));
    }
}

// ---- the supervisor under test --------------------------------------------------------------------------

class SupervisorTest : public testing::Test {
protected:
    SupervisorTest() { put("config", "good one"); }
    ~SupervisorTest() override {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }

    [[nodiscard]] std::string path(const char* name) const { return directory_ + "/" + name; }
    void put(const char* name, const std::string& text) const { std::ofstream(path(name)) << text; }
    [[nodiscard]] std::string get(const char* name) const { return read_file(path(name)).value_or(""); }
    [[nodiscard]] bool exists(const char* name) const { return std::filesystem::exists(path(name)); }

    std::function<Result<AgentProcess>()> start_agent_ = start_alerting_agent;

    // From the next start on.
    [[nodiscard]] ScriptNeeds& scripts() { return scripts_; }
    // $1: the test's directory.
    [[nodiscard]] RunnableScript script(const std::string& text) const {
        return {{"/bin/sh", "-c", text, "sh", directory_}, {}, {geteuid(), getegid(), {}}};
    }
    void start(const EngineMain& engine, bool observe = false) {
        pid_ = fork();
        ASSERT_GE(pid_, 0);
        if (pid_ == 0) _exit(supervise(engine, observe));
    }

    // Until the file holds the text.
    [[nodiscard]] bool holds(const char* name, const std::string& text) const {
        for (int i = 0; i < 1000 && get(name).find(text) == std::string::npos; ++i)
            std::this_thread::sleep_for(milliseconds(10));
        return get(name).find(text) != std::string::npos;
    }
    // Until the log holds the text, `times` times.
    [[nodiscard]] bool logged(const std::string& text, int times = 1) const {
        for (int i = 0; i < 600; ++i) {
            const auto log = get("log");
            int found = 0;
            for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++found;
            if (found >= times) return true;
            std::this_thread::sleep_for(milliseconds(10));
        }
        return false;
    }
    void signal(int number) const { kill(pid_, number); }
    int wait() {
        int status = 0;
        waitpid(std::exchange(pid_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    [[nodiscard]] pid_t engine_pid() const { return std::atoi(get("engine.pid").c_str()); }

private:
    // The file `config`: "good TEXT" can start, anything else cannot; one with a brace is not balanced.
    [[nodiscard]] Judgement judge() const {
        const auto text = get("config");
        Judgement judgement;
        judgement.can_start = text.rfind("good", 0) == 0;
        judgement.balanced = text.find('{') == std::string::npos;
        if (judgement.can_start)
            judgement.sealed = std::move(*ipc::seal(text, "test")), judgement.outline = outline(judgement.sealed.get());
        else
            judgement.faults.push_back({config::Severity::unusable, {"vrrpd.conf", 3, 5}, "no interface", true});
        return judgement;
    }
    // Every configuration owns an address named after its text.
    [[nodiscard]] Outline outline(int sealed) const {
        Outline result;
        result.owned.addresses.push_back(
            {*ipc::unseal(sealed) == "good one" ? "one" : "two", *Prefix::parse("10.0.0.1/24")});
        result.switches.push_back({"lan0", netlink::DeviceOption::forwarding_ipv4, 1, {}});
        result.longest_interval = milliseconds(100);
        result.agent.gateways = {"HOME"};
        result.scripts = scripts_;
        result.errands.alerts["HOME"] = {"/bin/sh", "-c", "sleep 0.3; cat >> " + path("alerts")};
        return result;
    }
    [[nodiscard]] Result<pid_t> sweep(Log& log) const {
        log.info("sweep of: {}", get("owned"));
        const pid_t child = fork();
        if (child == 0) {
            std::filesystem::remove(path("owned"));
            _exit(0);
        }
        return child;
    }
    [[nodiscard]] int supervise(const EngineMain& engine, bool observe) const {
        prctl(PR_SET_CHILD_SUBREAPER, 1);  // as the first process of a container
        FileLog log(path("log"));
        Settings settings;
        settings.owned_file = path("owned");
        settings.engine_pid_file = path("engine.pid");
        settings.observe = observe;
        Services services{log,
                          engine,
                          [this] { return judge(); },
                          [this](int sealed) { return outline(sealed); },
                          [] {
                              auto kernel = std::make_unique<netlink::FakeKernel>();
                              kernel->add_link("lan0");
                              return Result<std::unique_ptr<netlink::Kernel>>(std::move(kernel));
                          },
                          [this, &log] { return sweep(log); },
                          [this, &log] {
                              log.info("agent: start");
                              return start_agent_();
                          },
                          [&log] { log.info("ready"); }};
        return Supervisor(std::move(settings), std::move(services)).run(judge());
    }

    const vrrpd::test::Scratch scratch_{"supervisor"};
    const std::string& directory_ = scratch_.path();
    pid_t pid_ = -1;
    ScriptNeeds scripts_;
};

}  // namespace vrrpd::supervisor::test

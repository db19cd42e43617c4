#include "tests/engine/engine_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <sstream>
#include <thread>

#include "tests/config/fake_files.hpp"
#include "vrrpd/engine/run.hpp"

namespace vrrpd::engine::test {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

Fd sealed(const std::string& text) {
    return ipc::seal(config::serialize(config::load_text(text, "H001").lines), "configuration").value();
}

}  // namespace

EngineProcess::EngineProcess(const std::string& configuration, const Mode& mode) {
    auto [mine, its] = ipc::Channel::pair().value();
    state_ = ipc::SharedState::create(16).value();
    if (mode.left_behind) mode.left_behind(*state_);
    auto memfd = sealed(configuration);
    pid_ = ::fork();
    if (pid_ == 0) {
        { const auto closed = std::move(mine); }
        constexpr bool detail = true;
        EngineOptions options{std::move(its),   ipc::SharedState::map(Fd(::dup(state_->fd()))).value(),
                              std::move(memfd), "H001",
                              mode.observe,     mode.adopt,
                              detail,           mode.stand_by};
        ::_exit(engine::run(std::move(options)));
    }
    channel_.emplace(std::move(mine));
}

EngineProcess::~EngineProcess() {
    if (pid_ <= 0) return;
    kill(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

bool EngineProcess::read_until(const std::function<bool(const ipc::Message&)>& wanted,
                               std::chrono::milliseconds limit) {
    const auto until = Clock::now() + limit;
    while (channel_) {
        ipc::Message message;
        const auto state = channel_->receive(message);
        if (state == ipc::Channel::State::closed) return false;
        if (state == ipc::Channel::State::message) {
            if (message.kind == ipc::Kind::log) lines_.push_back(message.text);
            if (wanted(message)) return true;
            continue;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        if (left <= 0ms) return false;
        pollfd waiting{channel_->fd(), POLLIN, 0};
        ::poll(&waiting, 1, static_cast<int>(left.count()));
    }
    return false;
}

bool EngineProcess::await(ipc::Kind kind) {
    return read_until([kind](const auto& message) { return message.kind == kind; }, patience);
}

bool EngineProcess::await_line(const std::string& text) {
    if (lines_with(text) > 0) return true;
    return read_until(
        [&](const auto& message) {
            return message.kind == ipc::Kind::log && message.text.find(text) != std::string::npos;
        },
        patience);
}

std::string EngineProcess::await_status() {
    std::string status;
    (void)read_until(
        [&](const auto& message) {
            if (message.kind != ipc::Kind::status) return false;
            status = ipc::unseal(message.memfd.get()).value_or("");
            return true;
        },
        patience);
    return status;
}

void EngineProcess::listen(std::chrono::milliseconds time) {
    read_until([](const auto&) { return false; }, time);
}

void EngineProcess::reload(const std::string& configuration) {
    const auto memfd = sealed(configuration);
    EXPECT_TRUE(channel_->send(ipc::Kind::reload, {}, 0, memfd.get()));
}

void EngineProcess::send(ipc::Kind kind, const std::string& text, std::uint8_t detail) {
    EXPECT_TRUE(channel_->send(kind, text, detail));
}

void EngineProcess::stop() { EXPECT_TRUE(channel_->send(ipc::Kind::stop)); }

void EngineProcess::close_channel() { channel_.reset(); }

void EngineProcess::kill(int signal) const { ::kill(pid_, signal); }

std::optional<int> EngineProcess::wait() {
    int status = 0;
    const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
    if (!ended) return std::nullopt;
    pid_ = -1;
    return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
}

std::size_t EngineProcess::lines_with(const std::string& text) const {
    std::size_t count = 0;
    for (const auto& line : lines_) count += line.find(text) != std::string::npos;
    return count;
}

std::string EngineProcess::log() const {
    std::string all;
    for (const auto& line : lines_) all += "  " + line + "\n";
    return "the engine said:\n" + all;
}

bool eventually(const std::function<bool()>& holds) {
    for (const auto until = Clock::now() + 5s; Clock::now() < until; std::this_thread::sleep_for(5ms))
        if (holds()) return true;
    return holds();
}

std::string ip_output(const std::string& arguments) { return output_of("ip " + arguments); }

std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::string text;
    std::array<char, 4096> part{};
    while (const auto got = std::fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), got);
    return text;
}

}  // namespace vrrpd::engine::test

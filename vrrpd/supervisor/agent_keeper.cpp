#include "vrrpd/supervisor/agent_keeper.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <span>
#include <string_view>
#include <utility>

#include "vrrpd/ipc/topic.hpp"
#include "vrrpd/supervisor/child_process.hpp"

namespace vrrpd::supervisor {

namespace {

constexpr Duration first_pause = std::chrono::seconds(1), longest_pause = std::chrono::seconds(30);
constexpr Duration calm = std::chrono::minutes(1);  // ran for so long: the next pause is a first one again

// An agent that somebody took over may not keep us from our other work.
constexpr int messages_at_once = 256;

// What is remembered, and under which name a successor is told of it: it may be of a version that numbers the kinds
// otherwise.
struct Lasting {
    ipc::Kind kind;
    std::string_view name;
};
constexpr std::array of_the_engine{Lasting{ipc::Kind::wan_state, "wan_state"}, Lasting{ipc::Kind::role_change, "role"},
                                   Lasting{ipc::Kind::readiness, "readiness"}, Lasting{ipc::Kind::standing, "standing"},
                                   Lasting{ipc::Kind::units, "units"}};
constexpr std::array of_the_agent{
    Lasting{ipc::Kind::dns_choice, "dns_choice"}, Lasting{ipc::Kind::service_weight, "service_weight"},
    Lasting{ipc::Kind::dns_health, "dns_health"}, Lasting{ipc::Kind::services_ready, "services_ready"}};
constexpr std::string_view by_agent = "agent", by_engine = "engine";

const Lasting* find(std::span<const Lasting> list, ipc::Kind kind) {
    const auto at = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.kind == kind; });
    return at == list.end() ? nullptr : &*at;
}

const Lasting* find(std::span<const Lasting> list, std::string_view name) {
    const auto at = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.name == name; });
    return at == list.end() ? nullptr : &*at;
}

bool outlives_an_agent(ipc::Kind kind) { return find(of_the_engine, kind) != nullptr; }
bool outlives_an_engine(ipc::Kind kind) { return find(of_the_agent, kind) != nullptr; }

// Told again it is no news.
std::string as_told_again(const ipc::Message& message) {
    if (message.kind != ipc::Kind::role_change) return message.text;
    auto change = *ipc::decode<ipc::RoleChange>(message.text);
    change.resumed = true;
    return encode(change);
}

}  // namespace

AgentKeeper::AgentKeeper(Loop& loop, Log& log, Services services)
    : loop_(loop), log_(log), services_(std::move(services)) {}

AgentKeeper::~AgentKeeper() { stop(); }

void AgentKeeper::expect(AgentNeeds needs) {
    needs_ = std::move(needs);
    take_weights_back();
    const auto is_gone = [this](const auto& item) {
        const auto& subject = item.first.second;
        return !is_gateway(subject.substr(0, subject.find('\n')));
    };
    std::erase_if(by_agent_, is_gone);
    std::erase_if(by_engine_, is_gone);
}

void AgentKeeper::configure(int configuration) {
    configuration_ = configuration;
    if (process_)
        brief();
    else
        start_or_wait_for_a_caller();
}

// ---- from the engine ------------------------------------------------------------------------------------

void AgentKeeper::tell_engine_again() const {
    for (const auto& [subject, text] : by_agent_) services_.to_engine(subject.first, text);
}

void AgentKeeper::tell(ipc::Channel& engine) const {
    for (const auto& [subject, text] : by_agent_) engine.send(subject.first, text);
}

// Of each: who said it, the kind, the subject, the text.
std::vector<std::string> AgentKeeper::memory() const {
    std::vector<std::string> memory;
    const auto add = [&](std::string_view speaker, std::span<const Lasting> kinds, const Remembered& said) {
        for (const auto& [subject, text] : said)
            memory.insert(memory.end(),
                          {std::string(speaker), std::string(find(kinds, subject.first)->name), subject.second, text});
    };
    add(by_agent, of_the_agent, by_agent_);
    add(by_engine, of_the_engine, by_engine_);
    return memory;
}

void AgentKeeper::remember(const std::vector<std::string>& memory) {
    constexpr std::size_t parts = 4;
    for (std::size_t i = 0; i + parts <= memory.size(); i += parts) {
        const bool agent_said = memory[i] == by_agent;
        const auto* const known = agent_said ? find(of_the_agent, memory[i + 1]) : find(of_the_engine, memory[i + 1]);
        if (!known || !ipc::topic_of(known->kind, memory[i + 3])) continue;
        (agent_said ? by_agent_ : by_engine_)[{known->kind, memory[i + 2]}] = memory[i + 3];
    }
}

void AgentKeeper::retire() {
    caller_watch_ = {};
    start_at_.reset();
    stop();
}

void AgentKeeper::engine_is_gone() {
    for (auto& [subject, text] : by_engine_) {
        if (subject.first != ipc::Kind::role_change) continue;
        const auto now = ipc::RoleChange{subject.second, proto::Role::initialize, false};
        const auto told_again = encode(ipc::RoleChange{now.gateway, now.role, true});
        if (std::exchange(text, told_again) == told_again) continue;
        if (process_ && !process_->channel.send(subject.first, encode(now))) kill(process_->pid, SIGKILL);
    }
}

void AgentKeeper::pass_on(const ipc::Message& message) {
    const auto topic = ipc::topic_of(message.kind, message.text);
    if (!topic) return log_.error("what the engine sent of kind {} is spoilt", static_cast<unsigned>(message.kind));
    if (!topic->gateway.empty() && !is_gateway(topic->gateway)) return;  // a reload removed it
    const bool remember = outlives_an_agent(message.kind);
    if (remember) by_engine_[{message.kind, topic->subject}] = as_told_again(message);
    if (!process_) return;
    const bool told = process_->channel.send(message.kind, message.text, message.detail, message.memfd.get());
    // One that does not listen hangs; its successor is told.
    if (!told && remember) kill(process_->pid, SIGKILL);
}

void AgentKeeper::leases_written(const std::string& problem) {
    // One that does not listen hangs; its successor writes anew.
    if (process_ && !process_->channel.send(ipc::Kind::leases_written, problem)) kill(process_->pid, SIGKILL);
}

// ---- the agent ------------------------------------------------------------------------------------------

void AgentKeeper::step(Instant now) {
    if (start_at_ && *start_at_ <= now) start_or_wait_for_a_caller();
    if (!process_ || !heartbeat_.hung(now, heard_at_)) return;
    log_.error("the agent hangs (not heard for {} s): killed", (now - heard_at_) / std::chrono::seconds(1));
    kill(process_->pid, SIGKILL);
    heartbeat_.started(now);
}

// One process less, and its memory, on every host that runs plain instances and that nobody asks.
void AgentKeeper::start_or_wait_for_a_caller() {
    start_at_.reset();
    if (needs_.has_work()) return start();
    caller_watch_ = {};
    if (services_.callers >= 0) caller_watch_ = loop_.on_readable(services_.callers, [this] { start(); });
}

void AgentKeeper::start() {
    caller_watch_ = {};  // it answers from now on
    started_at_ = boot_now();
    auto started = services_.start();
    if (!started) return ended(started.error().describe());
    process_ = std::move(*started);
    heard_at_ = started_at_;
    heartbeat_.started(started_at_);
    watch_ = loop_.on_readable(process_->channel.fd(), [this] { read(); });
    log_.info("agent started, pid {}", process_->pid);
    services_.equip(process_->channel);
    brief();
}

void AgentKeeper::brief() {
    auto& channel = process_->channel;
    services_.unlock(channel, needs_);
    bool listens = channel.send(ipc::Kind::reload, {}, 0, configuration_);
    for (const auto& [subject, text] : by_engine_) listens = listens && channel.send(subject.first, text);
    // One that takes no orders hangs; its successor reads the new configuration at once.
    if (!listens) kill(process_->pid, SIGKILL);
}

// It has nothing to hand over: what it decided stays in force until the engine takes it back.
void AgentKeeper::stop() {
    if (!process_) return;
    watch_ = {};
    kill(process_->pid, SIGKILL);
    waitpid(process_->pid, nullptr, 0);
    process_.reset();
}

void AgentKeeper::child_ended() {
    const auto how = process_ ? supervisor::ended(process_->pid) : std::nullopt;
    if (!how) return;
    read();  // what it said last
    watch_ = {};
    process_.reset();
    ended(describe(*how));
}

void AgentKeeper::ended(const std::string& how) {
    lift_silence();
    const auto now = boot_now();
    pause_ = now - started_at_ > calm ? first_pause : std::clamp(2 * pause_, first_pause, longest_pause);
    start_at_ = now + pause_;
    log_.error("the agent {}; it is started again in {} s{}", how, pause_ / std::chrono::seconds(1),
               needs_.has_work() ? "" : ", or later, when vrrpctl asks");
}

void AgentKeeper::read() {
    ipc::Message message;
    for (int i = 0; process_ && i < messages_at_once; ++i) {
        const auto got = process_->channel.receive(message);
        if (got == ipc::Channel::State::closed) watch_ = {};  // its end follows by SIGCHLD
        if (got != ipc::Channel::State::message) return;
        heard_at_ = boot_now();
        if (!handle(message)) return;
    }
}

// false: it is no longer worth listening to.
bool AgentKeeper::handle(ipc::Message& message) {
    switch (message.kind) {
        case ipc::Kind::log:
            log_.write(std::min(static_cast<LogLevel>(message.detail), LogLevel::error), message.text);
            return true;
        case ipc::Kind::dns_choice:
        case ipc::Kind::service_weight:
        case ipc::Kind::dns_health:
        case ipc::Kind::services_ready:
        case ipc::Kind::scan:
        case ipc::Kind::dhcp_probe:
        case ipc::Kind::announce_again:
        case ipc::Kind::dhcp_silence:
        case ipc::Kind::status_wanted:
            to_engine(message);
            return true;
        case ipc::Kind::alive:
            return true;
        case ipc::Kind::alert:
        case ipc::Kind::write_leases:
            services_.errand(message);
            return true;
        default:
            log_.error("the agent sent a message of kind {}: killed", static_cast<unsigned>(message.kind));
            kill(process_->pid, SIGKILL);
            watch_ = {};
            return false;
    }
}

void AgentKeeper::to_engine(const ipc::Message& message) {
    const auto topic = ipc::topic_of(message.kind, message.text);
    if (!topic) return log_.error("what the agent sent of kind {} is spoilt", static_cast<unsigned>(message.kind));
    const bool about_all = message.kind == ipc::Kind::status_wanted;
    if (!about_all && !is_gateway(topic->gateway)) return;                              // a reload removed it
    if (message.kind == ipc::Kind::service_weight && !may_weigh(message.text)) return;  // likewise
    if (outlives_an_engine(message.kind)) by_agent_[{message.kind, topic->subject}] = message.text;
    if (message.kind == ipc::Kind::dhcp_silence) {
        if (ipc::decode<ipc::DhcpSilence>(message.text)->silent)
            silenced_.insert(topic->gateway);
        else
            silenced_.erase(topic->gateway);
    }
    services_.to_engine(message.kind, message.text);
}

// Its reasons end with it, and perhaps no other one comes: a router that gives no leases is worse than one whose server
// lacks some.
void AgentKeeper::lift_silence() {
    for (const auto& gateway : std::exchange(silenced_, {}))
        if (is_gateway(gateway)) services_.to_engine(ipc::Kind::dhcp_silence, encode(ipc::DhcpSilence{gateway, false}));
}

// Of a block that is gone, or weighs no more, nobody else would say so: no agent knows what another one said.
void AgentKeeper::take_weights_back() {
    std::erase_if(by_agent_, [this](const auto& item) {
        if (item.first.first != ipc::Kind::service_weight || may_weigh(item.second)) return false;
        auto weight = *ipc::decode<ipc::ServiceWeight>(item.second);
        weight.weight = 0;
        services_.to_engine(ipc::Kind::service_weight, encode(weight));
        return true;
    });
}

bool AgentKeeper::may_weigh(const std::string& text) const {
    const auto weight = ipc::decode<ipc::ServiceWeight>(text);
    const AgentNeeds::Service service{weight->gateway, weight->service};
    return std::find(needs_.weighing.begin(), needs_.weighing.end(), service) != needs_.weighing.end();
}

bool AgentKeeper::is_gateway(const std::string& name) const {
    return std::find(needs_.gateways.begin(), needs_.gateways.end(), name) != needs_.gateways.end();
}

}  // namespace vrrpd::supervisor

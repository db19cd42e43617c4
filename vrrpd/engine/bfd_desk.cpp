#include "vrrpd/engine/bfd_desk.hpp"

#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/engine/core/describe.hpp"

namespace vrrpd::engine {

namespace {

using proto::BfdRejection;
using proto::BfdState;
using Health = ipc::TrackerState::Health;

constexpr Duration reopen_pause = std::chrono::seconds(5);
constexpr Duration stray_pause = std::chrono::minutes(1);
constexpr int sessions_a_turn = 64;  // then the sockets are served again

// Discriminators and jitter are nobody's secret; without randomness there is no session either way.
template <class Number>
Number random_number() {
    Number number = 0;
    ASSERT(::getrandom(&number, sizeof number, 0) == static_cast<ssize_t>(sizeof number));
    return number;
}

std::uint16_t port_of(const config::BfdInstance& config) {
    return config.multihop ? proto::bfd_multihop_port : proto::bfd_port;
}

// Another neighbour, or another way to it, is another session.
bool is_same_session(const config::BfdInstance& a, const config::BfdInstance& b) {
    return a.name == b.name && a.neighbor == b.neighbor && a.source == b.source && a.multihop == b.multihop;
}

std::string_view advice(BfdRejection why) {
    switch (why) {
        case BfdRejection::wrong_hops:
            return " (it came over a router, or its ttl or hoplimit differs from ours)";
        case BfdRejection::authenticated:
            return " (we speak BFD without authentication: switch it off there)";
        case BfdRejection::foreign_source:
            return " (it is not this session's neighbour, or came in by another device)";
        default:
            return "";
    }
}

}  // namespace

BfdDesk::BfdDesk(const Surroundings& surroundings, ipc::SharedState& state, Mode mode, Changed changed)
    : loop_(surroundings.loop),
      log_(surroundings.log),
      burst_(surroundings.burst),
      state_(state),
      mode_(mode),
      changed_(std::move(changed)) {}

// ---- configuration ------------------------------------------------------------------------------------

void BfdDesk::configure(const config::Config& config, const Surface& surface) {
    auto before = std::exchange(entries_, {});
    std::vector<BfdEntry*> fresh;
    for (const auto& wanted : config.bfd_instances) {
        const auto known = std::find_if(before.begin(), before.end(), [&](const auto& entry) {
            return entry && is_same_session(entry->config, wanted);
        });
        if (known == before.end()) {
            entries_.push_back(nullptr);
            continue;
        }
        if ((*known)->config.hops != wanted.hops) (*known)->speaker.reset();
        (*known)->config = wanted;
        entries_.push_back(std::move(*known));
    }
    for (auto& entry : before)
        if (entry) end(std::move(entry));  // before one of the same name begins
    // It would take one's farewell for the other's.
    std::erase_if(leaving_, [&](const auto& gone) {
        return std::any_of(config.bfd_instances.begin(), config.bfd_instances.end(),
                           [&](const auto& wanted) { return wanted.neighbor == gone->config.neighbor; });
    });
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (!entries_[i]) fresh.push_back((entries_[i] = make(config.bfd_instances[i])).get());
    deadlines_.reset(entries_.size());
    if (observes()) return observe_only();
    require_listeners();
    for (auto& entry : entries_) place(*entry, place_of(entry->config, surface.world, surface.virtual_addresses));
    for (auto& entry : entries_) {
        if (std::find(fresh.begin(), fresh.end(), entry.get()) != fresh.end())
            begin(*entry);
        else
            drive(*entry, proto::BfdReconfigured{entry->config.parameters});
    }
    if (mode_ == Mode::resume) mode_ = Mode::speak;  // what comes later was not there before the crash
}

// Found by its name in what outlived the last engine: the discriminator is kept over a restart, too.
std::unique_ptr<BfdEntry> BfdDesk::make(const config::BfdInstance& config) {
    auto* record = state_.bfd(config.name);
    const auto known = record ? record->discriminator.load() : 0;
    const auto discriminator = known != 0 && !by_discriminator(known) ? known : fresh_discriminator();
    auto entry = std::make_unique<BfdEntry>(
        BfdEntry{config, proto::BfdSession(config.parameters, {discriminator, random_number<std::uint64_t>()})});
    entry->record = record;
    if (record) entry->counters = ipc::counters(*record);
    entry->since = loop_.now();
    return entry;
}

void BfdDesk::begin(BfdEntry& entry) {
    const auto memory = entry.record ? ipc::load(*entry.record) : proto::BfdMemory{};
    const bool resumes = mode_ == Mode::resume && memory.discriminator == entry.session.discriminator();
    if (resumes)
        drive(entry, proto::BfdResume{memory});
    else
        drive(entry, proto::BfdStart{});
    if (entry.session.state() == BfdState::up) log_.notice("BFD_Instance({}) goes on in Up state", entry.config.name);
    tell(entry, entry.session.state() == BfdState::up ? "Up" : "has not been Up yet");
}

// Its farewell is said again until the neighbour must have heard it (RFC 5880 6.8.16).
void BfdDesk::end(std::unique_ptr<BfdEntry> entry) {
    drive(*entry, proto::BfdStop{});
    if (entry->record) entry->record->discriminator.store(0);
    entry->record = nullptr;
    if (entry->speaker && entry->session.next_deadline()) leaving_.push_back(std::move(entry));
}

void BfdDesk::see_off(Instant now) {
    for (auto& entry : leaving_)
        if (const auto due = entry->session.next_deadline(); due && *due <= now) drive(*entry, proto::BfdTimeReached{});
    std::erase_if(leaving_, [](const auto& entry) { return !entry->session.next_deadline(); });
}

// Whether the neighbour lives is not known: nobody is judged by it.
void BfdDesk::observe_only() {
    for (const auto& entry : entries_)
        changed_({ipc::TrackerState::Kind::bfd, entry->config.name, Health::disabled, 0, "not run by an observer"});
    if (!entries_.empty()) log_.notice("BFD sessions are not run while observing: they are taken for well");
}

void BfdDesk::look(const Surface& surface) {
    if (observes()) return;
    for (auto& entry : entries_) place(*entry, place_of(entry->config, surface.world, surface.virtual_addresses));
}

void BfdDesk::stop() {
    for (auto& entry : entries_) drive(*entry, proto::BfdStop{});
}

std::uint32_t BfdDesk::fresh_discriminator() const {
    for (;;) {
        const auto number = random_number<std::uint32_t>();
        if (number != 0 && !by_discriminator(number)) return number;
    }
}

// ---- sockets ------------------------------------------------------------------------------------------

void BfdDesk::require_listeners() {
    for (auto& listener : listeners_) listener->needed = false;
    std::string problem;
    for (const auto& entry : entries_) {
        const auto family = entry->config.neighbor.family();
        const auto port = port_of(entry->config);
        const auto found = std::find_if(listeners_.begin(), listeners_.end(), [&](const auto& listener) {
            return listener->family == family && listener->port == port;
        });
        if (found != listeners_.end()) {
            (*found)->needed = true;
            continue;
        }
        auto socket = BfdListener::open(family, port);
        if (!socket) {
            problem = socket.error().describe();
            continue;
        }
        auto& added = *listeners_.emplace_back(std::make_unique<Listener>(Listener{family, port, std::move(*socket)}));
        added.watch = loop_.on_readable(added.socket.fd(), [this, &added] { read(added); });
    }
    std::erase_if(listeners_, [](const auto& listener) { return !listener->needed; });
    if (!problem.empty()) reopen_at_ = loop_.now() + reopen_pause;
    if (!problem.empty() && problem != problem_said_)
        log_.error("{}: no session comes Up; does another BFD daemon run on this host? Trying again every {}", problem,
                   text(reopen_pause));
    problem_said_ = problem;
}

void BfdDesk::place(BfdEntry& entry, const BfdPlace& place) {
    if (entry.place == place && entry.speaker) return;
    entry.place = place;
    open_speaker(entry);
}

// From the port of before, if it is free: the neighbour may hold us to it (RFC 5881 4).
void BfdDesk::open_speaker(BfdEntry& entry) {
    const auto& config = entry.config;
    const std::uint16_t port = entry.speaker  ? entry.speaker->port()
                               : entry.record ? entry.record->port.load()
                                              : std::uint16_t{0};
    entry.speaker.reset();
    auto opened =
        BfdSpeaker::open({config.neighbor, port_of(config), entry.place.source, entry.place.link, config.hops}, port,
                         random_number<std::uint32_t>());
    if (opened) {
        entry.speaker = std::move(*opened);
        entry.send_failure_said = false;
        if (entry.record) entry.record->port.store(entry.speaker->port());
        return;
    }
    reopen_at_ = earlier(reopen_at_, loop_.now() + reopen_pause);
    if (!std::exchange(entry.send_failure_said, true))
        log_.warning("BFD_Instance({}) {}; waiting", config.name, opened.error().describe());
}

void BfdDesk::reopen() {
    reopen_at_.reset();
    require_listeners();
    for (auto& entry : entries_)
        if (!entry->speaker) open_speaker(*entry);
}

bool BfdDesk::read(Listener& listener) {
    return listener.socket.receive(burst_, [this, port = listener.port](const auto& one) { heard(port, one); });
}

void BfdDesk::drain() {
    for (auto& listener : listeners_)
        for (int wakeups = 0; wakeups < wakeups_a_drain && read(*listener); ++wakeups) {}
}

// ---- what is heard ------------------------------------------------------------------------------------

BfdEntry* BfdDesk::by_source(std::uint16_t port, const BfdListener::Heard& heard) const {
    BfdEntry* found = nullptr;
    for (const auto& entry : entries_) {
        if (entry->config.neighbor != heard.source || port_of(entry->config) != port) continue;
        if (entry->config.source && *entry->config.source != heard.destination) continue;
        if (!found || entry->config.source) found = entry.get();  // the one that names its address is meant
    }
    return found;
}

BfdEntry* BfdDesk::by_discriminator(std::uint32_t discriminator) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
        return entry && entry->session.discriminator() == discriminator;
    });
    return found == entries_.end() ? nullptr : found->get();
}

// RFC 5881 5 first; then RFC 5880 6.8.6 in its order.
void BfdDesk::heard(std::uint16_t port, const BfdListener::Heard& heard) {
    auto* neighbor = by_source(port, heard);
    if (neighbor && heard.hops < neighbor->config.least_hops) return reject(neighbor, heard, BfdRejection::wrong_hops);
    const auto packet = proto::decode_bfd(heard.message);
    if (!packet) return reject(neighbor, heard, packet.error());
    const auto your = packet->your_discriminator;
    auto* entry = your == 0 ? neighbor : by_discriminator(your);
    if (!entry) return reject(neighbor, heard, BfdRejection::unknown_session);
    if (packet->authenticated) return reject(entry, heard, BfdRejection::authenticated);
    if (entry != neighbor || (entry->place.link && entry->place.link != heard.link))
        return reject(entry, heard, BfdRejection::foreign_source);
    ++entry->counters.received;
    drive(*entry, proto::BfdHeard{*packet});
}

void BfdDesk::reject(BfdEntry* entry, const BfdListener::Heard& heard, BfdRejection why) {
    const auto kind = static_cast<std::size_t>(why);
    if (!entry) return stray(heard, why);
    ++entry->counters.rejected[kind];
    if (entry->record) ipc::store(entry->counters, *entry->record);
    const auto bit = std::uint32_t{1} << kind;
    if ((entry->rejections_said & bit) != 0) return;
    entry->rejections_said |= bit;
    // A neighbour that has begun anew still names the session that we forgot, and the other way round.
    const auto level = why == BfdRejection::unknown_session ? LogLevel::debug : LogLevel::warning;
    log_.write(level, fmt::format("BFD_Instance({}) refused a packet from {}: {}{}; counted from here on",
                                  entry->config.name, heard.source.to_string(), name(why), advice(why)));
}

// From nobody that we know: said now and then, since anybody can send it.
void BfdDesk::stray(const BfdListener::Heard& heard, BfdRejection why) {
    const auto now = loop_.now();
    if (stray_said_ != Instant{} && now < stray_said_ + stray_pause) return;
    stray_said_ = now;
    log_.info("a BFD packet from {}, which is no bfd_instance's neighbour, is refused ({})", heard.source.to_string(),
              name(why));
}

std::vector<BfdStatus> BfdDesk::status(const World& world) const {
    std::vector<BfdStatus> all;
    for (const auto& entry : entries_) {
        const auto* link = world.link(entry->place.link);
        all.push_back({entry->config, entry->session, entry->counters, link ? link->name : std::string(),
                       entry->speaker ? entry->speaker->port() : std::uint16_t{0}, entry->since, observes()});
    }
    return all;
}

// ---- the cores ----------------------------------------------------------------------------------------

Deadline BfdDesk::next_deadline() const {
    auto next = earlier(deadlines_.earliest(), reopen_at_);
    for (const auto& entry : leaving_) next = earlier(next, entry->session.next_deadline());
    return next;
}

void BfdDesk::step(Instant now) {
    if (reopen_at_ && *reopen_at_ <= now) reopen();
    see_off(now);
    bool drained = false;
    for (int served = 0; served < sessions_a_turn; ++served) {
        const auto earliest = deadlines_.earliest();
        if (!earliest || *earliest > now) return;
        const auto number = deadlines_.front();
        // A packet that is queued already speaks before the timer.
        if (!std::exchange(drained, true)) drain();
        auto& entry = *entries_[number];
        if (const auto due = entry.session.next_deadline(); due && *due <= now) drive(entry, proto::BfdTimeReached{});
    }
}

void BfdDesk::drive(BfdEntry& entry, const proto::BfdEvent& event) {
    for (const auto& action : entry.session.step(loop_.now(), event))
        std::visit([&](const auto& what) { perform(entry, what); }, action);
    if (entry.record) {
        ipc::store(entry.session.memory(), *entry.record);
        ipc::store(entry.counters, *entry.record);
    }
    const auto at =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto& other) { return other.get() == &entry; });
    if (at != entries_.end())
        deadlines_.set(static_cast<std::uint32_t>(at - entries_.begin()), entry.session.next_deadline());
}

void BfdDesk::perform(BfdEntry& entry, const proto::BfdSend& action) {
    if (!entry.speaker) return;
    const auto bytes = proto::encode(action.packet);
    const auto sent = entry.speaker->send(bytes);
    if (sent) {
        ++entry.counters.sent;
        entry.send_failure_said = false;
    } else if (!std::exchange(entry.send_failure_said, true)) {
        log_.warning("BFD_Instance({}) {}", entry.config.name, sent.error().describe());
    }
}

void BfdDesk::perform(BfdEntry& entry, const proto::BfdTransition& action) {
    const auto& session = entry.session;
    const auto neighbor = entry.config.neighbor.to_string();
    const bool was_up = action.from == BfdState::up, is_up = action.to == BfdState::up;
    const auto lasted = text(loop_.now() - entry.since);
    entry.since = loop_.now();
    entry.rejections_said = 0;
    if (is_up) {
        ++entry.counters.became_up;
        log_.notice("BFD_Instance({}) Entering Up state: {} answers", entry.config.name, neighbor);
        return tell(entry, "Up");
    }
    if (!was_up) {
        if (action.cause == proto::BfdCause::started)
            log_.debug("BFD_Instance({}) starts: waiting for {}", entry.config.name, neighbor);
        else
            log_.debug("BFD_Instance({}) Entering {} state", entry.config.name, name(action.to));
        return;
    }
    ++entry.counters.went_down;
    std::string why = "we stop";
    if (action.cause == proto::BfdCause::expired)
        why = neighbor + " is silent";
    else if (action.cause == proto::BfdCause::neighbor_admin_down)
        why = neighbor + " was stopped";
    else if (action.cause == proto::BfdCause::neighbor_said)
        why = neighbor + " says so";
    log_.write(action.cause == proto::BfdCause::stopped ? LogLevel::info : LogLevel::warning,
               fmt::format("BFD_Instance({}) Entering {} state (Local diagnostic - {}, Remote diagnostic - {}): {}; it "
                           "was Up for {}",
                           entry.config.name, name(action.to), name(action.diagnostic),
                           name(session.remote().diagnostic), why, lasted));
    if (action.cause != proto::BfdCause::stopped) tell(entry, "Down: " + why);
}

void BfdDesk::tell(const BfdEntry& entry, std::string detail) {
    const auto health = entry.session.state() == BfdState::up ? Health::up : Health::down;
    changed_({ipc::TrackerState::Kind::bfd, entry.config.name, health, 0, std::move(detail)});
}

}  // namespace vrrpd::engine

// All BFD sessions of the process: their sockets and their cores (proto/bfd_session), what they tell those who track
// them, and what of them outlives a crash. The engine's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/bfd_socket.hpp"
#include "vrrpd/engine/core/bfd_dump.hpp"
#include "vrrpd/engine/core/bfd_place.hpp"
#include "vrrpd/engine/core/deadline_queue.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/ipc/shared_state.hpp"

namespace vrrpd::engine {

// One session as the desk runs it.
struct BfdEntry {
    config::BfdInstance config;
    proto::BfdSession session;
    ipc::BfdRecord* record = nullptr;  // what the next engine reads after a crash
    ipc::BfdRecord::Counters counters{};
    BfdPlace place{};
    std::optional<BfdSpeaker> speaker{};  // none: it could not be opened (yet)
    Instant since{};                      // its state is the same
    std::uint32_t rejections_said = 0;    // a bit each kind: said once until the next transition
    bool send_failure_said = false;
};

class BfdDesk {
public:
    using Changed = std::function<void(const ipc::TrackerState&)>;
    enum class Mode : std::uint8_t {
        speak,
        resume,   // goes on with the sessions of an engine that crashed
        observe,  // neither hears nor speaks: a keepalived on this host may
    };
    // What it looks at: neither is kept beyond the call.
    struct Surface {
        const World& world;
        std::span<const IpAddress> virtual_addresses;  // sorted
    };

    BfdDesk(const Surroundings& surroundings, ipc::SharedState& state, Mode mode, Changed changed);

    // At start and after a reload. Sessions that stay are not touched, and those that are new tell how they are.
    void configure(const config::Config& config, const Surface& surface);
    // Devices or addresses changed.
    void look(const Surface& surface);
    // Neighbours are told that we go, once: nobody is left to tell them again.
    void stop();

    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

    // In the order of the configuration; good until it is configured anew.
    [[nodiscard]] std::vector<BfdStatus> status(const World& world) const;
    [[nodiscard]] bool observes() const { return mode_ == Mode::observe; }

private:
    struct Listener {
        Family family;
        std::uint16_t port;
        BfdListener socket;
        bool needed = true;
        Loop::Watch watch{};
    };

    [[nodiscard]] std::unique_ptr<BfdEntry> make(const config::BfdInstance& config);
    void begin(BfdEntry& entry);
    void end(std::unique_ptr<BfdEntry> entry);
    void see_off(Instant now);
    void observe_only();
    void require_listeners();
    void place(BfdEntry& entry, const BfdPlace& place);
    void open_speaker(BfdEntry& entry);
    void reopen();
    bool read(Listener& listener);
    void drain();
    void heard(std::uint16_t port, const BfdListener::Heard& heard);
    [[nodiscard]] BfdEntry* by_source(std::uint16_t port, const BfdListener::Heard& heard) const;
    [[nodiscard]] BfdEntry* by_discriminator(std::uint32_t discriminator) const;
    void reject(BfdEntry* entry, const BfdListener::Heard& heard, proto::BfdRejection why);
    void stray(const BfdListener::Heard& heard, proto::BfdRejection why);
    void drive(BfdEntry& entry, const proto::BfdEvent& event);
    void perform(BfdEntry& entry, const proto::BfdSend& action);
    void perform(BfdEntry& entry, const proto::BfdTransition& action);
    void tell(const BfdEntry& entry, std::string detail);
    [[nodiscard]] std::uint32_t fresh_discriminator() const;

    Loop& loop_;
    Log& log_;
    Burst& burst_;
    ipc::SharedState& state_;
    Mode mode_;
    Changed changed_;
    std::vector<std::unique_ptr<BfdEntry>> entries_;
    std::vector<std::unique_ptr<BfdEntry>> leaving_;  // not configured any more; their neighbours are being told
    std::vector<std::unique_ptr<Listener>> listeners_;
    DeadlineQueue deadlines_;  // by the number of the entry
    Deadline reopen_at_;       // a socket could not be opened
    std::string problem_said_;
    Instant stray_said_{};
};

}  // namespace vrrpd::engine

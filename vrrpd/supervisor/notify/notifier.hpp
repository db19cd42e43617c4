// Tells scripts, FIFOs and mail of the states of instances and sync groups. Scripts are started and never
// waited for; where more wait than may run, an object's last state is the one that its scripts hear. The supervisor's.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vrrpd/base/log.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/supervisor/notify/fifo.hpp"
#include "vrrpd/supervisor/notify/mailer.hpp"
#include "vrrpd/supervisor/scripts/command_runner.hpp"
#include "vrrpd/supervisor/scripts/script_check.hpp"

namespace vrrpd::supervisor {

// What of a configuration is told, and to whom.
struct NotifyNeeds {
    // Of one object, by number in `scripts`; none: nothing is run.
    enum class Call : std::uint8_t { master, backup, fault, stop, deleted, lower_priority, any };
    using Calls = std::array<std::optional<std::uint16_t>, 7>;
    struct Pipe {
        Fifo::Plan plan;
        std::optional<RunnableScript> reader;
    };

    struct Object {
        Calls calls;
        bool mailed = false;
    };
    using Key = std::pair<ipc::Notice::Object, std::string>;

    std::vector<RunnableScript> scripts;  // each once
    std::map<Key, Object> objects;        // all that are told of
    std::vector<Pipe> pipes;
    MailNeeds mail;
    bool states_on_reload = false;
};

class Notifier {
public:
    explicit Notifier(Log& log);

    void set_mode(mode_t mode) { mode_ = mode; }  // of FIFOs that are made from now on
    // From now on; what the engine tells of what left the configuration is still told as before, until reloaded().
    void expect(NotifyNeeds needs);
    void reloaded();

    void tell(const ipc::Notices& notices);
    // For a successor of the daemon, and from the daemon before, after expect(): what is known is no news, and which
    // FIFOs are ours to remove.
    [[nodiscard]] std::vector<ipc::Notice> memory() const;
    [[nodiscard]] std::vector<std::string> made_fifos() const;
    void remember(const std::vector<ipc::Notice>& told, const std::vector<std::string>& made_fifos);
    void let_go();  // they are a successor's now

    // There is no engine any more, and nothing that it had: what it told last is no longer so.
    void tell_all(ipc::Notice::Event event);
    // The daemon ends: the FIFOs are closed, and what still runs has so long.
    void stop(Duration for_readers, Duration for_scripts);

    [[nodiscard]] bool idle() const { return scripts_are_done() && mailer_.idle(); }
    [[nodiscard]] bool scripts_are_done() const { return runner_.idle() && (!stopped_ || readers_.idle()); }
    void child_ended();  // somebody's child ended: perhaps one of ours
    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    using Key = NotifyNeeds::Key;
    // A FIFO, and the script that reads it. A reload starts that anew, and not before the old one has ended: two that
    // read share the letters of a line.
    struct Pipe {
        Fifo fifo;
        std::uint64_t number = 0;  // of all that ever were
        std::optional<RunnableScript> reader{};
        CommandRunner::Ticket reading = 0;  // 0: it does not run
        bool ending = false;                // it has been told to end
        Deadline kill_at{};                 // ... and is not waited for any longer
        Deadline open_at{};                 // it is closed until then
        std::vector<std::string> held{};    // lines for the next one
    };

    void tell(const ipc::Notice& notice);
    void run(const ipc::Notice& notice, NotifyNeeds::Call call);
    [[nodiscard]] const RunnableScript* script_for(const Key& key, NotifyNeeds::Call call) const;
    void write(const ipc::Notice& notice);
    void mail(const ipc::Notice& notice);
    void open_pipes();
    [[nodiscard]] Pipe take_pipe(const Fifo::Plan& plan, std::list<Pipe>& from);
    void end_reader(Pipe& pipe);
    void start_reader(Pipe& pipe);
    void reader_ended(std::uint64_t number);
    void show_end(Pipe& pipe);
    void open_again(Pipe& pipe);

    Log& log_;
    NotifyNeeds needs_;
    std::optional<NotifyNeeds> before_;  // until the engine carried a reload out
    bool started_ = false, stopped_ = false;
    mode_t mode_ = 0600;
    std::map<Key, ipc::Notice> last_;  // the state of each
    std::list<Pipe> pipes_;
    std::uint64_t last_pipe_ = 0;
    CommandRunner runner_;
    CommandRunner readers_;
    Mailer mailer_;
};

}  // namespace vrrpd::supervisor

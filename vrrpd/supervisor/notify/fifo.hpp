// A named pipe that gets a line for each new state. Nobody need read there: what does not fit is lost,
// and nothing waits. The supervisor's.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/supervisor/scripts/script_check.hpp"

namespace vrrpd::supervisor {

class Fifo {
public:
    struct Plan {
        std::string path;
        RunAs owner;
        bool operator==(const Plan&) const = default;
    };

    // Makes it if it is missing. Where it cannot be used the log says why, and nothing is written.
    Fifo(Plan plan, Log& log, mode_t mode = 0600);
    Fifo(Fifo&& other) noexcept;
    Fifo& operator=(Fifo&&) = delete;
    ~Fifo();  // removes what it made

    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] bool is_made_by_us() const { return made_; }
    // The daemon before made it; or it is a successor's now.
    void set_made_by_us(bool made) { made_ = made && pipe_; }
    // Readers see the end of the file. false: lines wait for them, which would be lost; it is open as before.
    bool close();
    void open();
    void write(std::string_view line);

private:
    Plan plan_;
    Log* log_;
    mode_t mode_;
    Fd pipe_;
    bool made_ = false;
    bool full_said_ = false;
};

}  // namespace vrrpd::supervisor

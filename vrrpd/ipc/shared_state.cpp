// See shared_state.hpp. Layout: a header, then `capacity` records; pages nobody wrote to take no memory.
#include "vrrpd/ipc/shared_state.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::ipc {

struct SharedState::Header {
    std::atomic<std::int64_t> beat{0};
    std::uint64_t capacity = 0;

    // All-zero bytes, as a new memfd has them, are free records.
    [[nodiscard]] RouterRecord* records() { return std::launder(reinterpret_cast<RouterRecord*>(this + 1)); }
};

static_assert(std::atomic<std::int64_t>::is_always_lock_free, "an atomic with a lock is not shared by processes");
static_assert(std::atomic<std::uint8_t>::is_always_lock_free);

SharedState::SharedState(Fd fd, Header* header, std::size_t size) : fd_(std::move(fd)), header_(header), size_(size) {}

SharedState::SharedState(SharedState&& other) noexcept
    : fd_(std::move(other.fd_)), header_(std::exchange(other.header_, nullptr)), size_(other.size_) {}

SharedState& SharedState::operator=(SharedState&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(header_, other.header_);
    std::swap(size_, other.size_);
    return *this;
}

SharedState::~SharedState() {
    if (header_ != nullptr) munmap(header_, size_);
}

Result<SharedState> SharedState::create(std::size_t routers) {
    Fd memfd(memfd_create("vrrpd-state", MFD_CLOEXEC));
    if (!memfd) return fail(errno, "make the memfd vrrpd-state");
    const std::size_t size = sizeof(Header) + routers * sizeof(RouterRecord);
    if (ftruncate(memfd.get(), static_cast<off_t>(size)) != 0) return fail(errno, "size the memfd vrrpd-state");
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd.get(), 0);
    if (memory == MAP_FAILED) return fail(errno, "map the memfd vrrpd-state");
    auto* const header = new (memory) Header;
    header->capacity = routers;
    return SharedState(std::move(memfd), header, size);
}

Result<SharedState> SharedState::map(Fd memfd) {
    struct stat status {};
    if (fstat(memfd.get(), &status) != 0) return fail(errno, "ask for the size of vrrpd-state");
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size < sizeof(Header)) return fail(EINVAL, "map vrrpd-state: it is no shared state");
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd.get(), 0);
    if (memory == MAP_FAILED) return fail(errno, "map the memfd vrrpd-state");
    auto* const header = std::launder(static_cast<Header*>(memory));
    ASSERT(size == sizeof(Header) + header->capacity * sizeof(RouterRecord));  // one build made both ends
    return SharedState(std::move(memfd), header, size);
}

int SharedState::fd() const { return fd_.get(); }

void SharedState::beat(Instant now) { header_->beat.store(now.time_since_epoch().count(), std::memory_order_relaxed); }

Instant SharedState::last_beat() const { return Instant(Duration(header_->beat.load(std::memory_order_relaxed))); }

std::size_t SharedState::capacity() const { return header_->capacity; }

RouterRecord* SharedState::record(std::string_view interface, Family family, proto::Vrid vrid) {
    RouterRecord* const records = header_->records();
    ASSERT(interface.size() < sizeof records->interface);
    for (std::size_t i = 0; i < header_->capacity; ++i) {
        RouterRecord& record = records[i];
        if (record.family == 0) {
            std::memcpy(record.interface, interface.data(), interface.size());
            record.vrid = vrid.value();
            record.family = static_cast<std::uint8_t>(family);  // last: from here on it is taken
            return &record;
        }
        if (record.family == static_cast<std::uint8_t>(family) && record.vrid == vrid.value() &&
            record.interface == interface)
            return &record;
    }
    return nullptr;
}

}  // namespace vrrpd::ipc

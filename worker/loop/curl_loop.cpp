// worker/loop: see curl_loop.hpp.
#include "worker/loop/curl_loop.hpp"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <system_error>

namespace pgops::worker {
namespace {

constexpr std::size_t kMaxIdleHandles = 256;
constexpr long kMaxKeptConnections = 512;
constexpr int kEventsPerTurn = 64;

int make_epoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

}  // namespace

CurlLoop::CurlLoop(boost::asio::io_context& io)
    : io_(io), epoll_(io, make_epoll()), timer_(io), multi_(curl_multi_init()) {
  if (multi_ == nullptr) throw std::runtime_error("curl_multi_init failed");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMaxKeptConnections);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
}

CurlLoop::~CurlLoop() {
  for (CURL* easy : idle_) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi_);
}

CURL* CurlLoop::acquire() {
  if (idle_.empty()) {
    CURL* easy = curl_easy_init();
    if (easy == nullptr) throw std::bad_alloc();
    return easy;
  }
  CURL* easy = idle_.back();
  idle_.pop_back();
  return easy;
}

void CurlLoop::release(CURL* easy) {
  if (idle_.size() >= kMaxIdleHandles) {
    curl_easy_cleanup(easy);
    return;
  }
  curl_easy_reset(easy);
  idle_.push_back(easy);
}

bool CurlLoop::start(CURL* easy, Listener* listener) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, listener);
  return curl_multi_add_handle(multi_, easy) == CURLM_OK;
}

void CurlLoop::abandon(CURL* easy) { curl_multi_remove_handle(multi_, easy); }
void CurlLoop::detach(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) noexcept {
  auto* loop = static_cast<CurlLoop*>(self);
  const int set = loop->epoll_.native_handle();
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(set, EPOLL_CTL_DEL, socket, nullptr);
    --loop->sockets_;
    return 0;
  }
  epoll_event event{};
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  event.data.fd = socket;
  if (known == nullptr) {
    ++loop->sockets_;
    curl_multi_assign(loop->multi_, socket, loop);
  }
  if (::epoll_ctl(set, EPOLL_CTL_MOD, socket, &event) != 0 && ::epoll_ctl(set, EPOLL_CTL_ADD, socket, &event) != 0)
    return -1;
  loop->wait();
  return 0;
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
  static_cast<CurlLoop*>(self)->arm(timeout_ms);
  return 0;
}

void CurlLoop::arm(long timeout_ms) {
  const std::uint64_t turn = ++armed_;
  if (timeout_ms < 0) {
    timer_.cancel();
    return;
  }
  const auto fire = [weak = weak_from_this(), turn](const boost::system::error_code& error = {}) {
    const auto self = weak.lock();
    if (error || !self || turn != self->armed_) return;
    self->act(CURL_SOCKET_TIMEOUT, 0);
  };
  if (timeout_ms == 0) {  // as good as a timer, and cheaper: every transfer starts this way
    timer_.cancel();
    boost::asio::post(io_, fire);
    return;
  }
  timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  timer_.async_wait(fire);
}

void CurlLoop::wait() {
  if (waiting_) return;
  waiting_ = true;
  epoll_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this()](const boost::system::error_code& error) {
                      const auto self = weak.lock();
                      if (error || !self) return;
                      self->waiting_ = false;
                      self->events();
                    });
}

void CurlLoop::events() {
  std::array<epoll_event, kEventsPerTurn> ready{};
  const int count = ::epoll_wait(epoll_.native_handle(), ready.data(), kEventsPerTurn, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready[static_cast<std::size_t>(i)];
    int bits = 0;
    if ((event.events & EPOLLIN) != 0) bits |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) bits |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) bits |= CURL_CSELECT_ERR;
    int running = 0;
    curl_multi_socket_action(multi_, event.data.fd, bits, &running);
  }
  finished();
  if (sockets_ > 0) wait();
}

void CurlLoop::act(curl_socket_t socket, int bits) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, bits, &running);
  finished();
}

void CurlLoop::finished() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;
    Listener* listener = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &listener);
    // The listener may abandon other transfers: their messages leave the queue with them.
    if (listener != nullptr) listener->transfer_done(result);
  }
}

}  // namespace pgops::worker

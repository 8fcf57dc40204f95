// extension/runtime: an executor's loop: take a task, run it, answer, repeat.
//
// The answer goes into the task's slot or, when it does not fit, into a segment that this process keeps
// until the owner has taken it. A task whose owner has gone is freed here.
#include "extension/runtime/executor_loop.hpp"

#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "extension/pg/bgworker.hpp"
#include "extension/pg/error.hpp"
#include "extension/pg/executor/statement.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/memory.hpp"
#include "extension/runtime/patience.hpp"
#include "extension/runtime/shared.hpp"
#include "extension/runtime/tasks.hpp"
#include "extension/runtime/worker_process.hpp"

namespace pgops::runtime {

namespace {

// Relation and catalog caches grow with what tools touch; a fresh process is the cheap remedy.
constexpr std::uint32_t kRecycleAfterTasks = 20'000;

struct Outstanding {
  int task;
  std::uint64_t id;
  pg::Segment segment;
};

class Executor {
 public:
  explicit Executor(WorkerIdentity identity)
      : database_(identity.database_index),
        slot_index_(identity.slot),
        entry_(shared->databases[identity.database_index]),
        slot_(entry_.slots[identity.slot]) {}

  void loop() {
    pg::executor::set_cancel_source(&slot_.cancel_task_id);
    pg::executor::prepare_process();
    pg::report_idle();
    while (!pg::stop_requested()) {
      pg::reload_if_asked();
      release_taken();
      const int task = take();
      if (task >= 0) {
        serve(task);
        if (slot_.tasks_done >= kRecycleAfterTasks && outstanding_.empty()) return;
        continue;
      }
      if (look_out()) continue;
      const bool woken = pg::wait_latch(pg::guc::executor_idle_timeout_ms, pg::WaitReason::idle);
      if (!woken && retire()) return;
    }
  }

 private:
  // The head of the queue, or -1 after having become idle.
  int take() {
    pg::LwGuard guard(pg::lock_tasks(database_));
    const int index = locked::pop_queue(database_);
    slot_.cancel_task_id = 0;
    slot_.cancelled_us = 0;
    slot_.escalation = 0;
    if (index < 0) {
      slot_.state = WorkerState::idle;
      slot_.awake = true;
      slot_.task = -1;
      slot_.task_id = 0;
      return -1;
    }
    Task& task = shared->tasks[index];
    task.state = TaskState::running;
    task.slot = slot_index_;
    task.started_us = pg::monotonic_us();
    slot_.state = WorkerState::busy;
    slot_.task = index;
    slot_.task_id = task.id;
    slot_.run_as = task.run_as;
    slot_.busy_since_us = task.started_us;
    return index;
  }

  // Before it sleeps, an idle executor looks whether it has got a task meanwhile: awake while an announced one is to
  // come; else, if others have tasks under way, after having given way to them a few times. Then submitters need not
  // wake it. True: there is a task.
  bool look_out() noexcept {
    constexpr int kTimes = 3;
    const auto called = [this] {
      const volatile WorkerState& state = slot_.state;
      return state != WorkerState::idle;
    };
    const volatile std::int64_t& expects_until_us = slot_.expects_until_us;
    const std::int64_t soon = expects_until_us - pg::monotonic_us();
    if (soon > 0) {
      (void)patience_.await(soon, called);
    } else {
      for (int n = 0; n < kTimes && !called() && !lone_task(database_); n++) std::this_thread::yield();
    }
    pg::LwGuard guard(pg::lock_tasks(database_));
    slot_.awake = false;
    slot_.expects_until_us = 0;
    return called();
  }

  // Leaves only when nothing was queued meanwhile: a submitter that saw us idle counts on us.
  bool retire() {
    if (!outstanding_.empty()) return false;
    pg::LwGuard guard(pg::lock_tasks(database_));
    if (slot_.state != WorkerState::idle || entry_.queue_length > 0) return false;
    slot_.state = WorkerState::stopping;
    return true;
  }

  void serve(int index) {
    Task& task = shared->tasks[index];
    const std::uint64_t id = task.id;
    std::string answer;
    {
      const pg::executor::Response response = run(task, id);
      answer = response.encode();
    }
    pg::Segment segment;
    if (answer.size() > kInlineResponse) {
      try {
        segment = pg::create_segment(answer.size());
        std::memcpy(segment.data, answer.data(), answer.size());
      } catch (const pg::Error& error) {
        pg::executor::Response response;
        response.error = {Code::overloaded, "no shared memory for a result: " + error.message, {}, {}};
        answer = response.encode().substr(0, kInlineResponse);
      }
    }
    pg::ProcessRef owner;
    {
      pg::LwGuard guard(pg::lock_tasks(database_));
      slot_.tasks_done++;
      slot_.task = -1;
      slot_.task_id = 0;
      slot_.cancelled_us = 0;
      slot_.escalation = 0;
      // Given up by the supervisor: the slot's number was already counted as lost, the task is another's.
      if (task.id != id || task.state != TaskState::running || task.slot != slot_index_) {
        if (slot_.state == WorkerState::lost) slot_.state = WorkerState::busy;
      } else if (task.abandoned) {
        locked::free_task(index);
      } else {
        task.finished_us = pg::monotonic_us();
        task.response_size = answer.size();
        task.response_segment = segment.handle;
        if (segment.data == nullptr) std::memcpy(task.response, answer.data(), answer.size());
        task.state = TaskState::done;
        owner = task.owner;
      }
    }
    if (owner.pid == 0) {
      pg::detach_segment(segment);
      return;
    }
    if (segment.data != nullptr) outstanding_.push_back({index, id, segment});
    pg::wake(owner);
  }

  pg::executor::Response run(const Task& task, std::uint64_t id) {
    pg::executor::Response failed;
    pg::Segment segment;
    const char* bytes = task.request;
    if (task.request_segment != 0) {
      segment = pg::attach_segment(task.request_segment);
      bytes = segment.data;
      if (bytes == nullptr) {
        failed.error = {Code::cancelled, "the caller has gone", {}, {}};
        return failed;
      }
    }
    auto request = pg::executor::Request::decode(std::string_view(bytes, task.request_size));
    pg::detach_segment(segment);
    if (!request) {
      failed.error = request.error();
      return failed;
    }
    return pg::executor::execute(*request, id);
  }

  // Segments whose owner has copied the answer (or gone) are given back.
  void release_taken() {
    std::erase_if(outstanding_, [](Outstanding& entry) {
      const Task& task = shared->tasks[entry.task];
      if (task.id == entry.id && task.state == TaskState::done) return false;
      pg::detach_segment(entry.segment);
      return true;
    });
  }

  int database_;
  int slot_index_;
  DatabaseEntry& entry_;
  WorkerSlot& slot_;
  std::vector<Outstanding> outstanding_;
  Patience patience_;
};

}  // namespace

void run_executor(std::int32_t argument) {
  Executor executor(begin_worker_process(argument, WorkerKind::executor));
  executor.loop();
}

}  // namespace pgops::runtime

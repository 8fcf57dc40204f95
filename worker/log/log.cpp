// worker/log: see log.hpp. spdlog owns sinks, locking and flushing; the line itself is ours.
#include "worker/log/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "core/json.hpp"

namespace pgops::worker::log {
namespace {

std::atomic<LogLevel> g_level{LogLevel::info};
std::atomic<LogFormat> g_format{LogFormat::json};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: break;
  }
  return spdlog::level::err;
}

std::string_view severity_text(LogLevel level) {  // OpenTelemetry's short names
  switch (level) {
    case LogLevel::debug: return "DEBUG";
    case LogLevel::info: return "INFO";
    case LogLevel::warning: return "WARN";
    case LogLevel::error: break;
  }
  return "ERROR";
}

std::string timestamp(double time) {
  const auto whole = static_cast<std::time_t>(time);
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ",
                static_cast<int>((time - static_cast<double>(whole)) * 1'000.0) % 1'000);
  return std::string(text, length) + fraction;
}

void append_value(std::string& line, const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    // What is not UTF-8 would break the line for its reader.
    if (valid_utf8(*text))
      append_json_string(line, *text);
    else
      line += "\"(not UTF-8)\"";
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    line += std::to_string(*number);
  } else {
    line += Json::millis(std::get<double>(value)).dump();
  }
}

}  // namespace

std::string format_line(LogFormat format, double time, LogLevel level, std::string_view sentence,
                        const Attributes& attributes) {
  std::string line;
  if (format == LogFormat::json) {
    line = "{\"timestamp\":\"" + timestamp(time) + "\",\"severity_text\":\"";
    line += severity_text(level);
    line += "\",\"body\":";
    append_value(line, sentence);
    for (const auto& [name, value] : attributes) {
      line += ',';
      append_json_string(line, name);
      line += ':';
      append_value(line, value);
    }
    return line + "}";
  }
  line = timestamp(time) + " " + std::string(severity_text(level)) + " ";
  for (const char c : sentence) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  for (const auto& [name, value] : attributes) {
    line += ' ';
    line += name;
    line += '=';
    append_value(line, value);
  }
  return line;
}

Status configure(const LogConfig& config) {
  try {
    spdlog::sink_ptr sink;
    if (config.file.empty())
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(config.file);
    auto logger = std::make_shared<spdlog::logger>("pg_ops_worker", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(spdlog_level(config.level));
    logger->flush_on(config.file.empty() ? spdlog::level::debug : spdlog::level::info);
    logger->set_error_handler([](const std::string&) {});  // a full disk is nobody's reason to stop
    spdlog::set_default_logger(std::move(logger));
  } catch (const spdlog::spdlog_ex& error) {
    return Error{Code::internal_error, std::string("log.file: ") + error.what(), "", ""};
  }
  g_level = config.level;
  g_format = config.format;
  return Unit{};
}

bool enabled(LogLevel level) noexcept { return level >= g_level.load(std::memory_order_relaxed); }

void event(LogLevel level, std::string_view sentence, const Attributes& attributes) {
  if (!enabled(level)) return;
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const std::string line = format_line(g_format, now, level, sentence, attributes);
  spdlog::default_logger_raw()->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

void flush() { spdlog::default_logger_raw()->flush(); }

}  // namespace pgops::worker::log

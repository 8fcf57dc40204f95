// extension/pg: the one way in which postgres.h enters a translation unit.
//
// Standard headers come first: postgres.h defines macros (Abs, Min, Max, ERROR, LOG, INFO, _, snprintf
// and others) that break them. Only files of extension/pg and extension/entry may include this.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
}

#undef _
#undef Abs
#undef Min
#undef Max
#undef snprintf
#undef vsnprintf
#undef sprintf
#undef vsprintf
#undef fprintf
#undef vfprintf
#undef printf
#undef vprintf
#undef strerror
#undef strerror_r
#undef gettext
#undef ngettext
#undef dgettext
#undef dngettext
#undef Assert
#define Assert(condition) ((void)true)

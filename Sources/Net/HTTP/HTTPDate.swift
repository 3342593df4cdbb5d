import Glibc

/// The one date form that HTTP/1.1 writes, `Sun, 06 Nov 1994 08:49:37 GMT`, in whole seconds since 1970.
public enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  public static func text(_ seconds: Int) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
    let date = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
    return "\(day), \(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
  }

  /// Only that form: the two forms of before 1990 are not read. Nil when a part is out of its range or the
  /// day of the week does not fit.
  public static func seconds(_ text: String) -> Int? {
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 6, words[5] == "GMT", words[0].utf8.count == 4, words[0].hasSuffix(",") else {
      return nil
    }
    guard let day = number(words[1], 2), let month = months.firstIndex(of: words[2]),
      let year = number(words[3], 4)
    else { return nil }
    let clock = words[4].split(separator: ":", omittingEmptySubsequences: false).map { number(String($0), 2) }
    guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2] else {
      return nil
    }
    guard hour < 24, minute < 60, second < 61, year >= 1970 else { return nil }
    var parts = tm()
    (parts.tm_mday, parts.tm_mon, parts.tm_year) = (Int32(day), Int32(month), Int32(year - 1900))
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (Int32(hour), Int32(minute), Int32(second))
    let seconds = timegm(&parts)
    // timegm moves an impossible day (31 Feb) into the next month.
    guard parts.tm_mday == day, words[0] == days[(seconds / 86_400) % 7] + "," else { return nil }
    return seconds
  }

  private static func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }

  private static func number(_ text: String, _ width: Int) -> Int? {
    guard text.utf8.count == width, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text)
  }
}

/// When a server asks to be tried again.
public enum RetryAfter {
  /// The wait from `now` (seconds since 1970), never negative; `longest` bounds what a server may ask.
  /// Nil where the header is neither a number of seconds nor a date.
  public static func wait(_ header: String, now: Int, longest: Duration = .seconds(86_400)) -> Duration? {
    let text = HTTPText.trimmed(header)
    if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
      return min(.seconds(Int(text) ?? Int(Int32.max)), longest)
    }
    guard let then = HTTPDate.seconds(text) else { return nil }
    return min(.seconds(max(0, then - now)), longest)
  }
}

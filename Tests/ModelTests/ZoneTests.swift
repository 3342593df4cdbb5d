import Foundation
import Model
import Testing

@Suite("Time zones", .timeLimit(.minutes(1)))
struct ZoneTests {
  static let folder = "/usr/share/zoneinfo"
  static let hasZones = FileManager.default.fileExists(atPath: folder + "/UTC")
  static let database = ZoneDatabase { name in
    (try? Data(contentsOf: URL(filePath: "\(folder)/\(name)"))).map { Array($0) }
  }
  static let names = [
    "America/Sao_Paulo", "Europe/Lisbon", "Asia/Kathmandu", "America/Havana", "America/New_York", "UTC",
    "Europe/Dublin", "Africa/Casablanca", "Asia/Gaza", "America/Nuuk", "Australia/Lord_Howe", "Asia/Tehran",
    "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "America/Santiago", "Antarctica/Troll",
    "Africa/Monrovia", "Europe/London", "Asia/Kolkata", "America/Scoresbysund", "Etc/GMT+12", "Africa/Cairo",
    "Pacific/Chatham", "America/Noronha", "America/Manaus", "Asia/Manila", "Europe/Amsterdam",
  ]

  /// Prints, for each zone, offsets at random moments and around every change that it finds, and for
  /// random local times the moments at which clocks show them.
  static let program = """
    import random, sys
    from datetime import datetime, timedelta, timezone
    from zoneinfo import ZoneInfo
    random.seed(int(sys.argv[1]))
    epoch = datetime(1970, 1, 1)
    def offset(zone, t):
        return int((epoch + timedelta(seconds=t)).replace(tzinfo=timezone.utc).astimezone(zone)
                   .utcoffset().total_seconds())
    for name in sys.argv[2:]:
        zone = ZoneInfo(name)
        moments = [random.randint(-5_000_000_000, 6_000_000_000) for _ in range(150)]
        moments += [random.randint(1_500_000_000, 2_300_000_000) for _ in range(150)]
        moments += [random.randint(6_000_000_000, 200_000_000_000) for _ in range(50)]
        year = [1_600_000_000 + 86400 * 3 * n for n in range(500)]
        year += [-3_000_000_000 + 86400 * 60 * n for n in range(800)]
        for low, high in zip(year, year[1:]):
            if offset(zone, low) != offset(zone, high):
                while high - low > 1:
                    middle = (low + high) // 2
                    if offset(zone, middle) == offset(zone, low): low = middle
                    else: high = middle
                moments += [low, high, high - 1800, high + 1800, high + 5400]
        for t in moments:
            print("at", name, t, offset(zone, t))
            local = t + offset(zone, t) + random.randint(-7200, 7200)
            wall = epoch + timedelta(seconds=local)
            found = set()
            for fold in (0, 1):
                guess = local - int(wall.replace(tzinfo=zone, fold=fold).utcoffset().total_seconds())
                if guess + offset(zone, guess) == local: found.add(guess)
            print("local", name, local, *sorted(found))
    """

  @Test("offsets and local times are those of Python's zoneinfo", .enabled(if: Python.isThere && hasZones))
  func python() throws {
    let output = try Python.run(Self.program, arguments: ["20261120"] + Self.names)
    var folds = 0
    var gaps = 0
    for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      let zone = try #require(Self.database.zone(String(words[1])), "\(words[1])")
      let numbers = words[2...].compactMap { Int64($0) }
      if words[0] == "at" {
        #expect(Int64(zone.offset(at: numbers[0])) == numbers[1], "\(line)")
      } else {
        let theirs = try LocalInstants(numbers.dropFirst())
        #expect(zone.instants(ofLocal: numbers[0]) == theirs, "\(line)")
        if case .gap = theirs { gaps += 1 }
        if case .fold = theirs { folds += 1 }
      }
    }
    #expect(gaps > 50)
    #expect(folds > 50)
  }

  @Test("every zone of the machine can be read", .enabled(if: hasZones))
  func all() throws {
    let table = try String(contentsOfFile: Self.folder + "/tzdata.zi", encoding: .utf8)
    let names = table.split(separator: "\n").compactMap { line -> String? in
      let words = line.split(separator: " ")
      return words[0] == "Z" ? String(words[1]) : words[0] == "L" ? String(words[2]) : nil
    }
    #expect(names.count > 400)
    for name in names { #expect(Self.database.zone(name) != nil, "\(name)") }
    #expect(Self.database.version.hasPrefix("20"))
  }

  @Test("a date far away, or the last moment that can be said, has an offset", .enabled(if: hasZones))
  func farAway() throws {
    let lisbon = try #require(Self.database.zone("Europe/Lisbon"))
    for moment in [Int64.max, .min, 1 << 61, -(1 << 61)] { _ = lisbon.offset(at: moment) }
    _ = lisbon.instants(ofLocal: .max)
    _ = lisbon.instants(ofLocal: .min)
    let summer = try #require(RFC3339("9999-07-01T00:00:00Z"))
    #expect(lisbon.offset(at: summer.seconds) == 3600)
  }

  @Test(
    "a name that could leave the folder is not looked up",
    arguments: [
      "", "..", "../UTC", "Europe/../UTC", "/etc/passwd", "Europe//Lisbon", "Europe/", ".hidden", "a\u{0}b",
      "tzdata.zi", "Américas/X", "-x", String(repeating: "a", count: 65),
    ])
  func names(_ name: String) {
    let database = ZoneDatabase { path in
      Issue.record("\(path) was read.")
      return nil
    }
    #expect(database.zone(name) == nil)
  }

  @Test("a file that is cut or changed anywhere is read or refused, never a crash", .enabled(if: hasZones))
  func damaged() throws {
    let whole = try Array(Data(contentsOf: URL(filePath: Self.folder + "/Europe/Lisbon")))
    for length in stride(from: 0, to: whole.count, by: 7) {
      let database = ZoneDatabase { _ in Array(whole[..<length]) }
      _ = database.zone("A")?.instants(ofLocal: 2_000_000_000)
    }
    var random = Seeded(7)
    for _ in 0..<2000 {
      var bytes = whole
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
      let database = ZoneDatabase { [bytes] _ in bytes }
      _ = database.zone("A")?.instants(ofLocal: 2_000_000_000)
    }
  }
}

extension LocalInstants {
  fileprivate init(_ moments: ArraySlice<Int64>) throws {
    let moments = Array(moments)
    switch moments.count {
    case 0: self = .gap
    case 1: self = .one(moments[0])
    default: self = .fold(moments[0], moments[1])
    }
  }
}

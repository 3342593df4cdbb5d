import Glibc

/// What the kernel says of running processes.
enum ProcessTable {
  struct Entry: Hashable {
    var pid: pid_t
    var parent: pid_t
    var group: pid_t
    var session: pid_t
    /// Clock ticks since boot.
    var startTime: UInt64
  }

  static func entry(of pid: pid_t) -> Entry? {
    guard let bytes = SmallFile.read("/proc/\(pid)/stat", limit: 4_096),
      let border = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    // The name before the bracket may hold anything, so counting starts behind it: state, parent, …
    let fields = bytes[(border + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, fields[0] != [UInt8(ascii: "Z")] else { return nil }
    let text = { (index: Int) in String(decoding: fields[index], as: UTF8.self) }
    guard let parent = pid_t(text(1)), let group = pid_t(text(2)), let session = pid_t(text(3)),
      let startTime = UInt64(text(19))
    else { return nil }
    return Entry(pid: pid, parent: parent, group: group, session: session, startTime: startTime)
  }

  /// All living processes that `ancestor` started, and those started by them.
  static func descendants(of ancestor: pid_t) -> [Entry] {
    let all = everything()
    var found: [Entry] = []
    var parents: Set<pid_t> = [ancestor]
    while !parents.isEmpty {
      let children = all.filter { parents.contains($0.parent) }
      found += children
      parents = Set(children.map(\.pid))
    }
    return found
  }

  static func everything() -> [Entry] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var entries: [Entry] = []
    while let next = readdir(folder) {
      let name = withUnsafePointer(to: &next.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let pid = pid_t(name), let entry = entry(of: pid) { entries.append(entry) }
    }
    return entries
  }
}

/// How many processes the kernel ended in this cgroup for want of memory.
enum OOMCounter {
  /// 0 where the kernel does not tell.
  static func read() -> Int64 {
    guard let bytes = SmallFile.read("/proc/self/cgroup", limit: 16_384) else { return 0 }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let path =
        parts[1].isEmpty
        ? "/sys/fs/cgroup\(parts[2])/memory.events"
        : parts[1] == "memory" ? "/sys/fs/cgroup/memory\(parts[2])/memory.oom_control" : ""
      if let count = count(in: path) { return count }
    }
    return 0
  }

  private static func count(in path: String) -> Int64? {
    guard !path.isEmpty, let bytes = SmallFile.read(path, limit: 4_096) else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, words[0] == "oom_kill" { return Int64(words[1]) }
    }
    return nil
  }
}

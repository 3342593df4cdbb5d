import CSystem
import Glibc

/// How a program ended.
enum ProcessEnd: Hashable, Sendable {
  case exited(Int32)
  case signalled(Int32, outOfMemory: Bool)
  /// It never ran.
  case cannotStart(errno: Int32)

  init(waitStatus: Int32) {
    let signal = waitStatus & 0x7F
    self = signal == 0 ? .exited(waitStatus >> 8 & 0xFF) : .signalled(signal, outOfMemory: false)
  }
}

/// The file `end`, which a supervisor writes last, once no process of the program lives.
///
/// It is not synced: it outlives the node and its supervisor in the kernel's memory. Where the power fails
/// it may be lost, the end is then unknown, and a person is asked, which is safe. `ended_by` is the last
/// line, so a file that was cut is none.
struct SupervisorReport: Hashable, Sendable {
  enum EndedBy: String, Sendable { case itself, asked, nodeGone }
  var end: ProcessEnd
  /// Anything but `itself`: the program was told to stop before it ended.
  var endedBy: EndedBy

  func write(to folder: String) -> Bool {
    let facts =
      switch end {
      case .exited(let code): "exit=\(code)\n"
      case .signalled(let number, let outOfMemory): "signal=\(number)\nout_of_memory=\(outOfMemory)\n"
      case .cannotStart(let errno): "errno=\(errno)\n"
      }
    let text = facts + "ended_by=\(endedBy.rawValue)\n"
    return AtomicFile.write(Array(text.utf8), to: folder + "/end", durable: false)
  }

  /// Nil where the file is absent or was not written by `write`.
  static func read(from folder: String) -> SupervisorReport? {
    guard let facts = Facts(file: folder + "/end"), let endedBy = facts["ended_by"].flatMap(EndedBy.init)
    else { return nil }
    if let code = facts["exit"].flatMap({ Int32($0) }) { return Self(end: .exited(code), endedBy: endedBy) }
    if let errno = facts["errno"].flatMap({ Int32($0) }) {
      return Self(end: .cannotStart(errno: errno), endedBy: endedBy)
    }
    guard let number = facts["signal"].flatMap({ Int32($0) }) else { return nil }
    return Self(end: .signalled(number, outOfMemory: facts["out_of_memory"] == "true"), endedBy: endedBy)
  }
}

/// The file `started`: which process it is, told from a later one of the same number by its start time.
struct StartedRecord: Hashable, Sendable {
  var pid: pid_t
  var supervisor: pid_t
  /// Clock ticks since boot, as the kernel counts them; 0 where the process was gone already.
  var startTime: UInt64

  init(pid: pid_t, supervisor: pid_t) {
    (self.pid, self.supervisor) = (pid, supervisor)
    startTime = ProcessTable.entry(of: pid)?.startTime ?? 0
  }

  func write(to folder: String) {
    let text = "pid=\(pid)\npgid=\(pid)\nsupervisor=\(supervisor)\nstart_time=\(startTime)\n"
    _ = AtomicFile.write(Array(text.utf8), to: folder + "/started", durable: false)
  }

  static func read(from folder: String) -> StartedRecord? {
    guard let facts = Facts(file: folder + "/started"), let pid = facts["pid"].flatMap({ pid_t($0) }),
      let supervisor = facts["supervisor"].flatMap({ pid_t($0) }),
      let startTime = facts["start_time"].flatMap({ UInt64($0) })
    else { return nil }
    var record = StartedRecord(pid: pid, supervisor: supervisor)
    record.startTime = startTime
    return record
  }

  /// Ends what a killed supervisor left in the program's group. The numbers of a group and a session are not
  /// given out again while a process is in them, and both are asked for, with the time.
  func killGroup() {
    for entry in ProcessTable.everything()
    where entry.group == pid && entry.session == supervisor && entry.startTime >= startTime {
      kill(entry.pid, SIGKILL)
    }
  }
}

/// Lines of `name=value`.
private struct Facts {
  private var pairs: [(name: Substring, value: Substring)]

  init?(file: String) {
    guard let bytes = SmallFile.read(file, limit: 4_096) else { return nil }
    pairs = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap {
      let parts = $0.split(separator: "=", maxSplits: 1)
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
  }

  subscript(name: String) -> String? { pairs.first { $0.name == name }.map { String($0.value) } }
}

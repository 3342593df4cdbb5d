import Engine
import Model

func askID(_ number: UInt64) -> ID<Ask> {
  ID(high: 0x0190_0000_0000_7000 | number << 16, low: 0x8000_0000_0000_0001)
}

func signalID(_ number: UInt64) -> ID<Signal> {
  ID(high: 0x0190_0000_0000_7000 | number << 16, low: 0x8000_0000_0000_0002)
}

extension AskRow {
  static func fixture(
    _ number: UInt64, job: Int64, namespace: String = "sales", _ state: State = .open,
    assignees: [String] = ["user:ana"], content: BodyPlace = .event(sequence: 1, offset: 0, length: 0)
  ) -> AskRow {
    AskRow(
      id: askID(number), job: JobNumber(job), node: 4, namespace: namespace, path: "review", state: state,
      content: content, assignees: assignees, quorum: 2, openedAt: moment(Int64(number)),
      expiresAt: number.isMultiple(of: 2) ? moment(100) : nil,
      decidedChoice: state == .decided ? "yes" : nil, decidedAt: state == .decided ? moment(60) : nil)
  }
}

extension SignalRow {
  static func fixture(
    _ number: UInt64, namespace: String = "sales", messageID: String? = nil, _ state: State = .waiting,
    takenBy: Int64? = nil, receivedAt: Int64? = nil, duplicates: Int = 0
  ) -> SignalRow {
    SignalRow(
      id: signalID(number), namespace: namespace, name: "paid", key: "order \(number)", messageID: messageID,
      payload: [0, UInt8(number)], source: "local:ana", receivedAt: moment(receivedAt ?? Int64(number)),
      expiresAt: moment(1_000), deadLetters: number.isMultiple(of: 2), state: state,
      takenBy: takenBy.map { JobNumber($0) }, duplicates: duplicates)
  }
}

extension SlotRow {
  static func fixture(_ key: String, _ number: Int, job: Int64, node: UInt32? = nil) -> SlotRow {
    SlotRow(key: key, number: number, job: JobNumber(job), node: node, takenAt: moment(job))
  }

  var freed: SlotChange { .free(key: key, number: number, job: job) }
}

extension ParkedRow.Wait {
  static func fixture(_ node: UInt32, _ key: String) -> ParkedRow.Wait {
    ParkedRow.Wait(node: node, namespace: "sales", name: "paid", key: key, since: moment(Int64(node)))
  }
}

extension NewJob {
  func with(_ identity: JobIdentity) -> NewJob {
    var job = self
    job.identity = identity
    return job
  }
}

extension JobIdentity {
  static func labels(_ pairs: [(String, String)]) -> JobIdentity {
    JobIdentity(labels: pairs.map { Label(name: $0.0, value: $0.1) })
  }
}

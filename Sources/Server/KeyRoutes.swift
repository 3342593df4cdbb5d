import API
import Crypto
import Engine
import Model

/// Routes about the master keys.
struct KeyRoutes: Sendable {
  var backend: Backend
  var desk: VaultDesk

  var routes: [Route] {
    [
      .answer(KeyCalls.status, in: .system) { _, _ in try status() },
      .answer(KeyCalls.rotate, in: .system) { _, caller in
        _ = try backend.writer()
        try await desk.rotate(caller.actor)
        return try status()
      },
      .answer(KeyCalls.forget, in: .system) { _, caller in
        _ = try backend.writer()
        try await desk.forgetRetired(caller.actor)
        return try status()
      },
    ]
  }

  private func status() throws(Problem) -> KeyStatus {
    let facts = try desk.keys()
    let (rows, rotation) = try reading { () throws(StoreError) in
      (try backend.readModel.masterKeys(), try backend.readModel.keyRotation())
    }
    let active = rows.first { $0.state == .active }?.id ?? .first
    return KeyStatus(
      active: Int(active.number), protection: facts.protection,
      keys: rows.map { KeyItem($0, fingerprint: facts.fingerprints[$0.id]) },
      rotation: rotation.map(KeyRotationItem.init))
  }
}

extension KeyItem {
  init(_ row: MasterKeyRow, fingerprint: String?) {
    self.init(
      id: Int(row.id.number), state: row.state.word, fingerprint: fingerprint, createdAt: row.createdAt,
      createdBy: row.createdBy, retiredAt: row.retiredAt)
  }
}

extension KeyRotationItem {
  init(_ row: KeyRotationRow) {
    self.init(
      target: Int(row.target.number), stage: row.stage?.word, rewrapped: row.rewrapped,
      unreadable: row.unreadable, startedAt: row.startedAt, startedBy: row.startedBy, endedAt: row.endedAt)
  }
}

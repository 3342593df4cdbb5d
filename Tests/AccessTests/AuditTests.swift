import Access
import Crypto
import Model
import Stores
import Testing

@Suite("The audit shows what was done to it", .timeLimit(.minutes(1)))
struct AuditTests {
  /// Rows of three namespaces over three days, from the service itself.
  private static func chain(
    _ store: any AccessStore = MemoryAccessStore(), rows: Int = 40
  ) async throws -> (world: World, entries: [AuditEntry], heads: [AuditHead]) {
    let world = try await World.open(store)
    for number in 0..<rows {
      let act = AuditAct(
        "pipelines:update", namespace: ["", "a", "a_b"][number % 3], resourceType: "pipeline",
        resourceID: "p\(number)", before: ["n": .int(Int64(number))],
        after: ["x": 1e300, "t": "é\u{301}\u{0}"])
      let ticket = try await world.service.audit.begin(act, by: world.admin, from: World.here)
      if number % 4 > 0 { try await world.service.audit.finish(ticket, .done, after: ["nothing": .null]) }
      world.clock.advance(.seconds(7_000))
    }
    return (world, try store.audit(after: 0, limit: 1_000), try store.auditHeads(since: nil))
  }

  private func faults(
    _ entries: [AuditEntry], _ world: World, _ heads: [AuditHead], exported: [AuditHead] = []
  ) -> [AuditFault] {
    AuditVerifier.verify(entries, key: world.service.audit.publicKey, stored: heads, exported: exported)
      .faults
  }

  @Test("What nobody touched is intact, in both stores", arguments: StoreKind.all)
  func intact(kind: StoreKind) async throws {
    let folder = try kind.folder()
    let (world, entries, heads) = try await Self.chain(kind.open(folder))
    #expect(entries.count > 70 && Set(heads.map(\.day)).count >= 3)
    #expect(faults(entries, world, heads, exported: heads).isEmpty)
    let report = try await world.service.audit.verify(exported: heads)
    #expect(report.isIntact && report.rows == entries.count && report.heads == 2 * heads.count)
    let read = try kind.reopen(folder, world.store)
    #expect(try AuditTrail.verify(read, key: world.service.audit.publicKey, exported: heads).isIntact)
  }

  @Test("The first row of a day names the last of the day before")
  func days() async throws {
    let (_, entries, heads) = try await Self.chain()
    for namespace in ["", "a", "a_b"] {
      let mine = heads.filter { $0.namespace == namespace }
      #expect(mine.count >= 3)
      #expect(mine[0].begin == AuditChains.noHash)
      for (before, after) in zip(mine, mine.dropFirst()) { #expect(after.begin == before.hash) }
      for head in mine {
        let rows = entries.filter { $0.act.namespace == namespace && $0.day == head.day }
        #expect(
          rows.count == head.count && rows.first?.previous == head.begin && rows.last?.hash == head.hash)
      }
    }
  }

  @Test("Any change of any field of any row is found, and the row is named")
  func changed() async throws {
    let (world, entries, heads) = try await Self.chain(rows: 10)
    let changes: [(inout AuditEntry) -> Void] = [
      { $0.at = $0.at + .microseconds(1) }, { $0.actor.kind = "local" }, { $0.actor.id += "1" },
      { $0.actor.name = "eve" }, { $0.actor.credential = $0.actor.credential == nil ? "" : nil },
      { $0.act.action = "pipelines:read" }, { $0.act.resourceType += "s" }, { $0.act.resourceID += "0" },
      { $0.act.before = $0.act.before == nil ? .null : nil }, { $0.act.after = ["x": 2] },
      { $0.outcome = $0.outcome == .read ? .done : .read }, { $0.origin.address = "203.0.113.9" },
      { $0.origin.userAgent += " " }, { $0.origin.requestID += "1" }, { $0.of = ($0.of ?? 0) + 1 },
      { $0.previous[0] ^= 1 }, { $0.hash[31] ^= 1 },
    ]
    for place in entries.indices {
      for (number, change) in changes.enumerated() {
        var changed = entries
        change(&changed[place])
        let found = faults(changed, world, heads)
        #expect(
          found.contains(.changed(sequence: entries[place].sequence)), "row \(place), change \(number)")
      }
    }
  }

  @Test("A row that was moved to another namespace is found")
  func moved() async throws {
    let (world, entries, heads) = try await Self.chain()
    for place in entries.indices {
      var changed = entries
      changed[place].act.namespace = changed[place].act.namespace == "a" ? "aa" : "a"
      #expect(faults(changed, world, heads).contains(.changed(sequence: entries[place].sequence)))
    }
  }

  @Test("Any removed row is found, and the one behind it is named")
  func removed() async throws {
    let (world, entries, heads) = try await Self.chain()
    for place in entries.indices {
      var changed = entries
      let gone = changed.remove(at: place)
      let found = faults(changed, world, heads)
      let next = changed[place...].first { $0.act.namespace == gone.act.namespace }
      if let next {
        #expect(found.contains(.missingBefore(sequence: next.sequence)), "row \(place)")
      } else {
        #expect(
          found.contains(
            .cutTail(namespace: gone.act.namespace, day: gone.day, lastSequence: gone.sequence)))
      }
    }
  }

  @Test("Any two rows that changed places are found")
  func swapped() async throws {
    let (world, entries, heads) = try await Self.chain(rows: 12)
    for first in entries.indices {
      for second in entries.indices where second > first {
        var changed = entries
        changed.swapAt(first, second)
        #expect(!faults(changed, world, heads).isEmpty, "\(first) and \(second)")
        // With their numbers changed too, so that they stand in order.
        (changed[first].sequence, changed[second].sequence) =
          (entries[first].sequence, entries[second].sequence)
        #expect(faults(changed, world, heads).count >= 2, "\(first) and \(second)")
      }
    }
  }

  @Test("Any row that was put in is found: a copy, or one that was made to fit")
  func inserted() async throws {
    let (world, entries, heads) = try await Self.chain(rows: 12)
    for place in entries.indices {
      var changed = entries
      changed.insert(entries[place], at: place + 1)
      #expect(faults(changed, world, heads).contains(.outOfPlace(sequence: entries[place].sequence)))
      // A forger who knows how rows are hashed.
      let forged = Forger.row(after: entries[place])
      changed = entries
      changed.insert(forged, at: place + 1)
      #expect(!faults(changed, world, heads).isEmpty, "row \(place)")
    }
  }

  @Test("A forger who makes all hashes behind a change anew is found by the signed heads")
  func rewritten() async throws {
    let (world, entries, heads) = try await Self.chain()
    for place in entries.indices {
      var changed = entries
      changed[place].actor.name = "eve"
      let forged = Forger.rehash(changed)
      let found = faults(forged, world, heads)
      #expect(
        found.contains { fault in
          if case .rewritten(entries[place].act.namespace, _, let row) = fault {
            row >= entries[place].sequence
          } else {
            false
          }
        }, "row \(place)")
    }
  }

  @Test("A row that was added behind the last signed one is found")
  func appended() async throws {
    let (world, entries, heads) = try await Self.chain()
    let last = try #require(entries.last)
    let forged = Forger.row(after: last)
    #expect(faults(entries + [forged], world, heads) == [.unsigned(sequence: forged.sequence)])
  }

  @Test("A head that was changed, or signed by somebody else, is found")
  func forgedHead() async throws {
    let (world, entries, heads) = try await Self.chain()
    for place in heads.indices {
      var changed = heads
      changed[place].count += 1
      #expect(
        faults(entries, world, changed).contains(
          .badSignature(namespace: heads[place].namespace, day: heads[place].day)))
    }
  }

  @Test("A cut tail is found with a head that was exported, even where the heads were cut, too")
  func cutTail() async throws {
    let (world, entries, heads) = try await Self.chain()
    let text = try await world.service.audit.exportedHeads()
    let exported = try #require(AuditHead.parse(lines: text))
    #expect(exported == heads)
    for kept in 1..<entries.count {
      // As if a copy of then had been put back: rows and heads fit each other.
      let then = MemoryAccessStore()
      try then.commit(AccessTransaction(entries: Array(entries.prefix(kept))))
      let left = Array(entries.prefix(kept))
      let old = Forger.heads(of: left, signedBy: world)
      let found = faults(left, world, old, exported: exported)
      let lost = entries[kept]
      #expect(
        found.contains { fault in
          if case .cutTail(let namespace, _, let last) = fault {
            namespace == lost.act.namespace && last >= lost.sequence
          } else {
            false
          }
        }, "after \(kept)")
    }
  }

  @Test(
    "Whoever changes the file by hand is found",
    arguments: [
      "UPDATE audit SET actor_name = 'eve' WHERE sequence = 9",
      "UPDATE audit SET user_agent = user_agent || 'x' WHERE sequence = 9",
      "UPDATE audit SET outcome = 'fine' WHERE sequence = 9",
      "UPDATE audit SET before = 'not json' WHERE sequence = 9", "DELETE FROM audit WHERE sequence = 9",
      "UPDATE audit SET sequence = -1 WHERE sequence = 9",
      "DELETE FROM audit WHERE sequence > 60", "DELETE FROM audit_heads",
      "UPDATE audit SET previous = x'00' WHERE sequence = 9",
    ])
  func byHand(sql: String) async throws {
    let folder = try ScratchFolder()
    let (world, _, heads) = try await Self.chain(AccessFile(path: folder.file))
    try SQLiteShell.run(folder.file, sql)
    #expect(try await !world.service.audit.verify().isIntact)
    #expect(try await !world.service.audit.verify(exported: heads).isIntact)
  }

  @Test("A clock that is set back brings no row out of its order")
  func clockBack() async throws {
    let world = try await World.open()
    let act = AuditAct("x:y", resourceType: "t", resourceID: "r")
    try await world.service.audit.record(act, .read, by: world.admin, from: World.here)
    world.clock.advance(.seconds(-90_000))
    try await world.service.audit.record(act, .read, by: world.admin, from: World.here)
    #expect(try await world.service.audit.verify().isIntact)
  }

  @Test("A value that is too large, or cannot be written, does not keep the row from being written")
  func largeValues() async throws {
    let folder = try ScratchFolder()
    let world = try await World.open(AccessFile(path: folder.file))
    var deep: JSON = 1
    for _ in 0..<300 { deep = [deep] }
    for value in [.string(String(repeating: "x", count: 70_000)), .double(.nan), deep] as [JSON] {
      let act = AuditAct("x:y", resourceType: "t", resourceID: "r", before: value)
      try await world.service.audit.record(act, .read, by: world.admin, from: World.here)
    }
    let rows = try await world.service.audit.entries(AuditQuery())
    #expect(rows[2].act.before?["omitted_bytes"] == 70_002)
    #expect(rows[0].act.before == ["omitted": "unwritable"] && rows[1].act.before == rows[0].act.before)
    #expect(try await world.service.audit.verify().isIntact)
  }

  @Test("Rows of a hundred writers at once form one chain, and few commits", arguments: StoreKind.all)
  func concurrent(kind: StoreKind) async throws {
    let folder = try kind.folder()
    let counting = CountingStore(try kind.open(folder))
    let world = try await World.open(counting)
    let before = counting.commits
    let (audit, admin) = (world.service.audit, world.admin)
    let rows = try await withThrowingTaskGroup(of: (Int64, Int64).self) { group in
      for number in 0..<100 {
        group.addTask {
          let act = AuditAct(
            "x:y", namespace: number % 2 == 0 ? "a" : "b", resourceType: "t", resourceID: "\(number)")
          let ticket = try await audit.begin(act, by: admin, from: World.here)
          try await audit.finish(ticket, .done)
          return (Int64(number), ticket.sequence)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(rows.map(\.1)).count == 100)
    let entries = try world.store.audit(after: 0, limit: 1_000)
    for (number, sequence) in rows {
      let entry = try #require(entries.first { $0.sequence == sequence })
      #expect(entry.act.resourceID == "\(number)" && entry.outcome == .intent)
      #expect(entries.contains { $0.of == sequence && $0.outcome == .done })
    }
    #expect(try await audit.verify().isIntact)
    #expect(counting.commits - before <= 200)
  }

  @Test("While one commit is under way all others wait for the next, which is one for all of them")
  func groupCommit() async throws {
    let counting = CountingStore(MemoryAccessStore())
    let world = try await World.open(counting)
    let (audit, admin, before) = (world.service.audit, world.admin, counting.commits)
    let act = AuditAct("x:y", resourceType: "t", resourceID: "r")
    try await withThrowingTaskGroup(of: Void.self) { group in
      counting.hold()
      group.addTask { _ = try await audit.record(act, .read, by: admin, from: World.here) }
      await counting.waitUntilHeld()
      for _ in 0..<63 {
        group.addTask { _ = try await audit.record(act, .read, by: admin, from: World.here) }
      }
      // All of them have asked before the first commit goes on.
      while world.service.waitingChanges < 63 { await Task.yield() }
      counting.release()
      try await group.waitForAll()
    }
    #expect(counting.commits - before == 2)
    #expect(try await world.rows("x:y").count == 50)
    #expect(try await audit.verify().isIntact)
  }

  @Test("Where the store fails, nothing is acknowledged, memory goes back, and the chain has no gap")
  func failure() async throws {
    let counting = CountingStore(MemoryAccessStore())
    let world = try await World.open(counting)
    let act = AuditAct("x:y", resourceType: "t", resourceID: "r")
    counting.fails = true
    #expect(
      await code { try await world.service.audit.record(act, .read, by: world.admin, from: World.here) }
        == "access-store")
    #expect(
      await code {
        _ = try await world.service.createAccount(
          AccountDraft(kind: .service, name: "lost"), by: world.admin, from: World.here)
      } == "access-store")
    #expect(try world.service.accounts(by: world.admin).map(\.name) == ["admin"])
    counting.fails = false
    try await world.service.audit.record(act, .read, by: world.admin, from: World.here)
    #expect(try await world.service.audit.verify().isIntact)
    let sequences = try world.store.audit(after: 0, limit: 100).map(\.sequence)
    #expect(sequences == Array(1...Int64(sequences.count)))
  }

  @Test("Where it cannot even be read after a failure, it is read before the next change")
  func failureOfReading() async throws {
    let counting = CountingStore(MemoryAccessStore())
    let world = try await World.open(counting)
    let act = AuditAct("x:y", resourceType: "t", resourceID: "r")
    (counting.fails, counting.failsReading) = (true, true)
    func record() async -> String? {
      await code { try await world.service.audit.record(act, .read, by: world.admin, from: World.here) }
    }
    #expect(await record() == "access-store")
    counting.fails = false
    #expect(await record() == "access-store")
    counting.failsReading = false
    #expect(await record() == "access-store")
    #expect(await record() == nil)
    #expect(try await world.service.audit.verify().isIntact)
  }
}

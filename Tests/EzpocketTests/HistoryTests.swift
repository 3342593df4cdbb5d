import Foundation
import Model
import Testing

@Suite("ezpocket's projects and conversations, in SQLite", .timeLimit(.minutes(3)))
struct HistoryTests {
  static let first = "**Receita por estado**: MG 75.25, RJ 50.50, SP 125.00. Total: 250.75."
  static let second = "**Receita por estado**: SP 125.00. Total: 125.00. Antes: 250.75."

  @Test("of a project each module leaves one row in its order, over a SIGKILL, beside the way of the job")
  func history() throws {
    let desk = try Desk()
    let project = try desk.project()
    let job = try desk.ask(project: project)
    let plan = try desk.asked(job, "planning#1.plan_confirm")
    try desk.killServer()
    _ = try desk.answer(plan, "reject")
    #expect(try desk.ended(job)["status"] == "cancelled")
    #expect(
      try desk.conversation() == [
        "1 user question: Qual a receita por estado?",
        "2 assistant intent_validator: A pergunta é sobre os dados.",
        "3 assistant plan_builder: Somar a receita por estado.",
        "4 user plan_confirm: reject",
      ])
  }

  @Test("each row names those of its question that came before it, by their ids")
  func parents() throws {
    let desk = try Desk()
    let project = try desk.project()
    for _ in 1...2 { try desk.converse("Qual a receita por estado?", project: project, rating: 5) }
    let wrong = try Desk.parents.flatMap { module in
      try desk.rows(
        """
        SELECT c.module, '\(module)' FROM conversations AS c WHERE c.parent_\(module)_id IS NOT
          (SELECT max(p.id) FROM conversations AS p
            WHERE p.job = c.job AND p.module = '\(module)' AND p.id < c.id)
        """)
    }
    #expect(wrong == [])
    let complete = Desk.parents.dropLast().map { "parent_\($0)_id IS NOT NULL" }.joined(separator: " AND ")
    #expect(
      try desk.rows("SELECT module FROM conversations WHERE \(complete) ORDER BY id")
        == ["user_feedback", "user_feedback"])
  }

  @Test("a second question in the project sees what was said; the rating stands at the answer")
  func remembers() throws {
    let desk = try Desk()
    let project = try desk.project()
    try desk.converse("Qual a receita por estado?", project: project, rating: 5)
    let job = try desk.converse("E só SP?", project: project, rating: 3)
    #expect(try desk.ended(job)["outputs"]?["response_text"] == .string(Self.second))
    #expect(
      try desk.output(job, "context") == [
        "conversation_context": .string(
          """
          --- HISTÓRICO DE CONVERSAS ---
          user: Qual a receita por estado?
          assistant: \(Self.first)
          --- FIM DO HISTÓRICO ---

          """), "has_history": true,
      ])
    #expect(
      try desk.rows("SELECT module, ratings FROM conversations WHERE ratings IS NOT NULL ORDER BY id")
        == ["response_composer|5", "response_composer|3"])
    let alone = try desk.ended(desk.ask("E só SP?"))
    #expect(alone["outputs"]?["response_text"] == "Só respondo sobre os dados de pedidos.")
  }

  @Test("of what was said the last ten messages are read, also those that were refused")
  func ten() throws {
    let desk = try Desk()
    let project = try desk.project()
    for number in 1...6 { _ = try desk.ended(desk.ask("Bolo \(number)?", project: project)) }
    let job = try desk.ask("Bolo 7?", project: project)
    _ = try desk.ended(job)
    let messages = try #require(try desk.output(job, "last")["messages"]?.array)
    #expect(messages.count == 10)
    #expect(messages.first == ["sender": "user", "message": "Bolo 2?"])
    #expect(
      messages.last == ["sender": "assistant", "message": "Só respondo sobre os dados de pedidos."])
  }

  @Test("a history that is given with the question wins")
  func given() throws {
    let desk = try Desk()
    let project = try desk.project()
    try desk.converse("Qual a receita por estado?", project: project, rating: 5)
    let history: JSON = [["sender": "user", "message": "Oi"]]
    let job = try desk.ask("Bolo?", project: project, history: history)
    _ = try desk.ended(job)
    #expect(try desk.output(job, "last")["messages"] == history)
  }

  @Test("a project of somebody else is refused, and nothing is written there")
  func foreign() throws {
    let desk = try Desk()
    let project = try desk.project()
    let ended = try desk.ended(desk.ask(by: "bia", project: project))
    #expect(ended["status"] == "failed")
    #expect(ended["error"]?["message"] == "O projeto não existe ou não é seu.")
    #expect(try desk.conversation() == [])
  }

  @Test("a write that is repeated adds nothing")
  func repeated() throws {
    let desk = try Desk { text in
      guard let start = text.range(of: "  history_preferences:"),
        let end = text.range(of: "\non_failure:")
      else { return "" }
      let again = text[start.lowerBound..<end.lowerBound].replacing(
        "  history_preferences:", with: "  history_again:")
      return text.replacingCharacters(in: end.lowerBound..<end.lowerBound, with: again)
    }
    let project = try desk.project()
    let job = try desk.converse("Qual a receita por estado?", project: project, rating: 5)
    let again = try desk.run("job", "steps", job, "-o", "jsonl").split(separator: "\n")
      .map { try JSON(parsing: Array($0.utf8)) }
      .filter { $0["path"]?.string?.hasSuffix("history_again") == true }
    #expect(again.count == 11 && again.allSatisfy { $0["status"] == "success" })
    #expect(try desk.rows("SELECT count(*), count(DISTINCT key) FROM conversations") == ["12|12"])
  }

  @Test("of a project that is removed no conversation stays; opened again by its name it is the same")
  func projects() throws {
    let desk = try Desk()
    let project = try desk.project()
    #expect(try desk.project() == project && desk.project("outro") != project)
    _ = try desk.ended(desk.ask("Bolo?", project: project))
    #expect(try desk.conversation().count == 2)
    _ = try desk.rows("PRAGMA foreign_keys = ON; DELETE FROM projects WHERE id = \(project)")
    #expect(try desk.conversation() == [])
  }
}

extension Desk {
  /// The modules that a row may name as its parents, in the order of the way.
  static let parents = [
    "intent_validator", "plan_builder", "plan_confirm", "analysis_orchestrator", "sql_validator",
    "auto_correction", "athena_executor", "python_runtime", "response_composer", "user_feedback",
  ]

  /// A question whose plan Ana confirms and whose answer she rates.
  @discardableResult
  fileprivate func converse(_ question: String, project: Int64, rating: Int) throws -> String {
    let job = try ask(question, project: project)
    _ = try answer(asked(job, "planning#1.plan_confirm"), "confirm")
    _ = try answer(asked(job, "user_feedback"), "rate", "rating=\(rating)")
    #expect(try ended(job)["status"] == "success")
    return job
  }

  fileprivate func conversation() throws -> [String] {
    try rows(
      """
      SELECT message_order || ' ' || sender || ' ' || module || ': ' || message
      FROM conversations ORDER BY message_order
      """)
  }

  fileprivate func rows(_ query: String) throws -> [String] {
    let (process, out) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/sqlite3")
    process.arguments = [folder.appending(path: "data/folders/ezpocket/ezpocket.db").path, query]
    process.standardOutput = out
    try process.run()
    let bytes = out.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

import Foundation
import Model
import Testing

@Suite("ezpocket's question, each time over a SIGKILL while it waits", .timeLimit(.minutes(3)))
struct QuestionTests {
  static let beginning = ["intent_validator", "plan_builder"]
  static let work = [
    "analysis_orchestrator", "query#1.sql_validator", "query#1.auto_correction", "query#2.sql_validator",
    "athena_executor.local", "python_runtime", "response_composer", "deliver",
  ]
  static let answer = "**Receita por estado**: MG 75.25, RJ 50.50, SP 125.00. Total: 250.75."

  @Test("the user confirms: the answer is given and rated")
  func confirms() throws {
    let desk = try Desk()
    let job = try desk.ask()
    let plan = try desk.asked(job, "planning#1.plan_confirm")
    try desk.killServer()
    #expect(try desk.run("ask", "ls").contains("Confirma este plano?"))
    #expect(try desk.answer(plan, "confirm").contains("confirm (1 of 1)."))
    let rating = try desk.asked(job, "user_feedback")
    try desk.killServer()
    _ = try desk.answer(rating, "rate", "rating=5", "feedback_comment=boa")
    let ended = try desk.ended(job)
    #expect(ended["status"] == "success")
    #expect(ended["outputs"] == ["response_text": .string(Self.answer), "rating": 5])
    let ran = try desk.ran(job)
    #expect(ran == Self.beginning + Self.work)
    #expect(
      try desk.told().map { [$0["type"], $0["data"]] } == [["ezpocket.message", .string(Self.answer)]])
    #expect(try desk.run("job", "replay", job, "-o", "json").contains(#""differences": []"#))
  }

  @Test("the user suggests twice, then confirms: the plan is refined twice")
  func suggests() throws {
    let desk = try Desk()
    let job = try desk.ask()
    for (round, suggestion) in [(1, "só pagos"), (2, "por mês")] {
      _ = try desk.answer(try desk.asked(job, "planning#\(round).plan_confirm"), "suggest")
      let proposal = try desk.asked(job, "planning#\(round).user_proposed_plan")
      try desk.killServer()
      _ = try desk.answer(proposal, "send", "suggestion=\(suggestion)")
    }
    _ = try desk.answer(try desk.asked(job, "planning#3.plan_confirm"), "confirm")
    _ = try desk.answer(try desk.asked(job, "user_feedback"), "rate", "rating=4")
    let ended = try desk.ended(job)
    #expect(ended["status"] == "success")
    #expect(ended["outputs"] == ["response_text": .string(Self.answer), "rating": 4])
    #expect(
      try desk.output(job, "planning") == [
        "plan": "Somar a receita por estado. Depois: só pagos. Depois: por mês.", "rounds": 3,
      ])
    #expect(
      try desk.ran(job)
        == Self.beginning + ["planning#1.plan_refiner", "planning#2.plan_refiner"] + Self.work)
  }

  @Test("the user rejects: the job is cancelled and nothing is executed")
  func rejects() throws {
    let desk = try Desk()
    let job = try desk.ask()
    let plan = try desk.asked(job, "planning#1.plan_confirm")
    try desk.killServer()
    _ = try desk.answer(plan, "reject")
    let ended = try desk.ended(job)
    #expect(
      try desk.told().map { $0["data"] } == [
        ["job_id": .string(job), "module": .null, "error": "cancelado"]
      ])
    #expect(ended["status"] == "cancelled")
    #expect(ended["error"]?["message"] == "Plano rejeitado.")
    #expect(try desk.ran(job) == Self.beginning + ["on_cancel.told"])
  }

  @Test("the user stays silent, here for two seconds: the job is cancelled and says so")
  func silent() throws {
    let desk = try Desk { $0.replacingOccurrences(of: "expires: 5m", with: "expires: 2s") }
    let job = try desk.ask()
    let plan = try desk.asked(job, "planning#1.plan_confirm")
    try desk.killServer()
    let ended = try desk.ended(job)
    #expect(ended["status"] == "cancelled")
    #expect(ended["error"]?["message"] == "Sem resposta em 5 minutos.")
    #expect(try desk.ran(job) == Self.beginning + ["on_cancel.told"])
    let late = try desk.run(["ask", "answer", plan, "confirm", "--as", "ana"], exits: [6])
    #expect(late.isEmpty, "A late answer is refused, and nothing but the refusal is said.")
    #expect(try desk.run("ask", "get", plan).contains("(does not count)"))
  }

  @Test("the user cancels in the middle: the question closes, and the page is told")
  func cancels() throws {
    let desk = try Desk()
    let job = try desk.ask()
    _ = try desk.answer(try desk.asked(job, "planning#1.plan_confirm"), "confirm")
    let rating = try desk.asked(job, "user_feedback")
    try desk.killServer()
    _ = try desk.run("job", "cancel", job, "--reason", "changed my mind")
    let ended = try desk.ended(job)
    #expect(ended["status"] == "cancelled" && ended["error"]?["code"] == "cancelled")
    let ran = try desk.ran(job)
    #expect(ran == Self.beginning + Self.work + ["on_cancel.told"])
    #expect(try desk.run("ask", "get", rating).contains("closed"))
  }

  @Test("a question about something else is refused, and asks nobody")
  func refuses() throws {
    let desk = try Desk()
    let job = try desk.ask("Como se faz um bolo?")
    let ended = try desk.ended(job)
    #expect(ended["status"] == "success")
    #expect(
      ended["outputs"] == ["response_text": "Só respondo sobre os dados de pedidos.", "rating": .null])
    #expect(try desk.ran(job) == ["intent_validator"])
  }
}

public import Expressions
public import Model

/// A value of the file in which expressions may stand.
public indirect enum Template: Sendable {
  case literal(JSON)
  /// The whole value is one `${{ … }}`, or bare CEL where the format allows it: it keeps its type.
  case expression(BoundExpression)
  /// Text with expressions in it; each gives a string, number, bool or timestamp.
  case text([Part])
  case array([Template])
  case object([(key: String, value: Template)])

  public enum Part: Sendable {
    case literal(String)
    case expression(BoundExpression)
  }
}

/// A typed expression whose names are bound to what they mean in this plan. An object, as the steps are.
public final class BoundExpression: Sendable {
  public let expression: Expression
  /// `references[slot]` is what `expression.variables[slot]` means.
  public let references: [Reference]

  public init(expression: Expression, references: [Reference]) {
    (self.expression, self.references) = (expression, references)
  }
}

/// What a name in an expression means.
public enum Reference: Sendable, Hashable {
  case inputs
  case input(String)
  case vars
  case variable(String)
  case settings
  /// The map `{id, type, time, actor, message …}`; a missing field is missing in the map.
  case trigger
  /// The map `{id, key, namespace, pipeline, revision, created_at, started_at, status, error, failures}`.
  case job
  case now
  /// The nearest step of that name, looking outwards: it lies in the scope of the asking step or further out.
  case step(StepIndex, StepField)
  /// The item of the `for_each` of that step, whose inside the asking expression is.
  case item(StepIndex)
  case itemIndex(StepIndex)
  /// The carried values of the `repeat` of that step.
  case carry(StepIndex)
  case iteration(StepIndex)
  case lastIteration(StepIndex)
  /// The map `{id, path, key, kind, round, attempt, iteration}` of the asking step itself.
  /// In the scope of `after_each` that of the step execution that ended, with `status, output, error,
  /// duration, needs` also: `output`, `error` and `iteration` are null where there is none, `duration` is a
  /// number of seconds, `needs` are the paths of what it waited for.
  case this
}

public enum StepField: Sendable, Hashable {
  /// A map of those of the other fields that exist now: what `steps.x.?output` selects from.
  case whole
  case output, outputs, results, errors, counts, status, error, branch
}

public enum Timing: Sendable {
  case fixed(Duration)
  /// Gives a duration, or text such as `5m`.
  case computed(BoundExpression)
}

public enum Count: Sendable {
  case fixed(Int)
  case computed(BoundExpression)
}

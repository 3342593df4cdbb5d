extension Migration {
  /// What lists of jobs are searched by. Most jobs end well, so that only the first costs each of them
  /// anything.
  static let jobSearches = """
    CREATE INDEX jobs_of_time ON job_executions(created_at);
    CREATE INDEX jobs_ended_badly ON job_executions(job) WHERE (status >= 5 AND status <= 8);
    CREATE INDEX jobs_with_error ON job_executions(job) WHERE error_class IS NOT NULL;
    """
}

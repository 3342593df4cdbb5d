-- The operational data that questions are about. A database of its own: a query that a model wrote reaches no
-- conversation of anybody.
CREATE TABLE IF NOT EXISTS order_report (
    order_id VARCHAR(50) PRIMARY KEY,
    date DATE NOT NULL,
    customer_name VARCHAR(255),
    state VARCHAR(2) NOT NULL CHECK (length(state) = 2),
    revenue DECIMAL(10,2) NOT NULL,
    status VARCHAR(50)
);

CREATE INDEX IF NOT EXISTS order_report_date ON order_report (date);
CREATE INDEX IF NOT EXISTS order_report_state ON order_report (state);

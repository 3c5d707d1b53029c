-- Days from opening to closing of solved tickets; those not solved count with their age so far (0).
WITH {{template "people"}},
aged AS (
  SELECT t.opened_month AS month, m.team AS team, CASE WHEN t.category = 'solved' AND t.closed_day IS NOT NULL THEN 1 ELSE 0 END AS outcome,
    CASE WHEN t.category = 'solved' AND t.closed_day IS NOT NULL THEN t.closed_day ELSE {{today}} END - t.opened_day AS age
  FROM crm_ticket t LEFT JOIN member m ON m.id = t.owner
  WHERE t.source = {{source}} AND t.opened_month BETWEEN {{first}} AND {{last}} AND t.deleted_at IS NULL AND t.merged_into IS NULL
    AND (COALESCE(t.category, 'open') <> 'solved' OR t.closed_day IS NOT NULL)
),
counted AS (SELECT month, team, age, outcome, COUNT(*) AS n FROM aged WHERE age >= 0 GROUP BY month, team, age, outcome)
SELECT month, team, age AS numerator, outcome AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', age, outcome, SUM(n) FROM counted GROUP BY month, age, outcome

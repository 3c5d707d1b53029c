-- Minutes from opening to the first reply. Tickets without one have waited until they were closed, or until the end of the
-- last day, and count as waiting (0).
WITH {{template "people"}},
waited AS (
  SELECT t.opened_month AS month, m.team AS team, CASE WHEN t.first_reply_at IS NULL THEN 0 ELSE 1 END AS outcome,
    {{div (printf "(COALESCE(t.first_reply_at, t.closed_at, (%s + 1) * 86400000000) - t.opened_at)" today) "60000000"}} AS age
  FROM crm_ticket t LEFT JOIN member m ON m.id = t.owner
  WHERE t.source = {{source}} AND t.opened_month BETWEEN {{first}} AND {{last}} AND t.deleted_at IS NULL AND t.merged_into IS NULL
    AND COALESCE(t.first_reply_at, t.closed_at, ({{today}} + 1) * 86400000000) >= t.opened_at
),
counted AS (SELECT month, team, age, outcome, COUNT(*) AS n FROM waited GROUP BY month, team, age, outcome)
SELECT month, team, age AS numerator, outcome AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', age, outcome, SUM(n) FROM counted GROUP BY month, age, outcome

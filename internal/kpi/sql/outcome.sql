-- Deals by month of creation: after how many days they were lost (2), won (1) or cancelled (0), or how old they are while
-- open (0). The {{window}} months up to each one are taken together: young deals have not shown yet how they end.
WITH {{template "people"}},
deal AS (
  SELECT opened_month AS month, owner,
    CASE category WHEN 'won' THEN 1 WHEN 'lost' THEN 2 ELSE 0 END AS outcome,
    CASE category WHEN 'open' THEN {{today}} ELSE closed_day END - opened_day AS age
  FROM crm_opportunity
  WHERE source = {{source}} AND opened_month BETWEEN {{first}} - {{window}} + 1 AND {{last}} AND opened_day <= {{today}}
    AND deleted_at IS NULL AND merged_into IS NULL
),
counted AS (
  SELECT d.month AS month, m.team AS team, d.age AS age, d.outcome AS outcome, COUNT(*) AS n
  FROM deal d LEFT JOIN member m ON m.id = d.owner WHERE d.age >= 0
  GROUP BY d.month, m.team, d.age, d.outcome
)
SELECT month, team, age AS numerator, outcome AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', age, outcome, SUM(n) FROM counted GROUP BY month, age, outcome

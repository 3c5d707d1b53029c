-- How many won deals have which amount; the median and its interval are order statistics of these counts.
WITH {{template "people"}},
deal AS (
  SELECT o.closed_month AS month, o.owner AS owner,
    {{template "home"}} AS home
  FROM crm_opportunity o
  WHERE o.source = {{source}} AND o.closed_month BETWEEN {{first}} AND {{last}} AND o.category = 'won'
    AND o.deleted_at IS NULL AND o.merged_into IS NULL
),
counted AS (
  SELECT d.month AS month, m.team AS team, d.home AS value, COUNT(*) AS n
  FROM deal d LEFT JOIN member m ON m.id = d.owner WHERE d.home IS NOT NULL
  GROUP BY d.month, m.team, d.home
)
SELECT month, team, value AS numerator, 1 AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', value, 1, SUM(n) FROM counted GROUP BY month, value

WITH {{template "people"}},
counted AS (
  SELECT t.opened_month AS month, m.team AS team, COUNT(*) AS tickets,
    SUM(CASE WHEN t.category = 'solved' THEN 1 ELSE 0 END) AS solved, SUM(CASE WHEN t.account <> '' THEN 1 ELSE 0 END) AS with_account
  FROM crm_ticket t LEFT JOIN member m ON m.id = t.owner
  WHERE t.source = {{source}} AND t.opened_month BETWEEN {{first}} AND {{last}} AND t.deleted_at IS NULL AND t.merged_into IS NULL
  GROUP BY t.opened_month, m.team
),
per AS (
  SELECT month, team, tickets, solved, with_account FROM counted WHERE team IS NOT NULL
  UNION ALL SELECT month, '', SUM(tickets), SUM(solved), SUM(with_account) FROM counted GROUP BY month
)
SELECT month, team, tickets AS numerator, 1 AS denominator, tickets AS n, 'tickets' AS figure FROM per
UNION ALL SELECT month, team, solved, tickets, tickets, 'tickets_solved' FROM per
UNION ALL SELECT month, team, with_account, tickets, tickets, 'complete_ticket_account' FROM per

package tabular

import ("context";"fmt";"os";"testing")

func TestSmoke(t *testing.T) {
	for _, p := range []string{"crm_maven_sales/sales_pipeline.csv","crm_maven_sales/accounts.csv","crm_olist_funnel/olist_closed_deals_dataset.csv","crm_olist_funnel/olist_marketing_qualified_leads_dataset.csv","crm_ibm_telco/Telco-Customer-Churn.csv","crm_saas_sales/SaaS-Sales.csv"} {
		f, err := OpenFile(context.Background(), "/work/shared/refdata/"+p, Options{})
		if err != nil { t.Fatal(p, err) }
		for _, s := range f.Sheets {
			fmt.Println(p, s.Encoding, string(s.Delimiter), s.HeaderLine, s.Sampled, s.Whole)
			for _, c := range s.Columns { fmt.Printf("  %-28s %-12s %+v\n", c.Name, c.Style.Type, c.Style); if c.Question != nil { fmt.Printf("      ASK %v\n", *c.Question) } }
			for _, n := range s.Notes { fmt.Println("   ", n.Error()) }
		}
	}
	_ = os.Args
}
